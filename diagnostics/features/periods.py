"""The periods of subscriptions as they were known on the night: where each ends, which term it is in, what comes next.

The same rules stand in portfolio/terms.py, for one account at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from diagnostics.engine.columns import Marks, Numbers, fill, where

from .columns import AccountColumns
from .reading import AMOUNT, COUNT, DAY, FLAG, ID, NO_ID, RATES, Facts, Ids, Rows
from .vectors import Places, add_months, known, most, whole_months

COLUMNS = {
    "account_id": ID,
    "product_id": ID,
    "plan_id": ID,
    "nth": COUNT,  # of its subscription, counted from 1
    "started_on": DAY,
    "ended_on": DAY,
    "term_started_on": DAY,
    "term_months": COUNT,
    "renews_on": DAY,
    "notice_days": COUNT,
    "notice_given_on": DAY,
    "auto_renews": FLAG,
    "seats": AMOUNT,
    "discount": AMOUNT,
    "may_be_price": FLAG,  # the change may have been one of price alone
    "price": AMOUNT,  # a month, in its own currency
    "rate": AMOUNT,
}

# Those begun by the night, in the order of subscriptions and days.
STATEMENT = f"""
WITH {RATES}
SELECT s.account_id, s.product_id, s.plan_id, row_number() OVER (PARTITION BY s.source_id ORDER BY s.started_on),
    s.started_on, s.ended_on, s.term_started_on, s.term_months, s.renews_on, coalesce(s.notice_days, 0),
    CASE WHEN s.notice_given_on <= %(night)s THEN s.notice_given_on END, s.auto_renews, s.seats,
    s.discount_percent::float8, s.change_reason IN ('', 'price'), s.mrr::float8, rates.rate
FROM portfolio_subscription s
    JOIN portfolio_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
    LEFT JOIN rates ON rates.currency = coalesce(nullif(s.currency, ''), nullif(a.currency, ''), %(currency)s)
WHERE s.organization_id = %(organization)s AND s.started_on <= %(night)s
ORDER BY s.source_id, s.started_on
"""  # noqa: S608  # put together from constants

RISE_DAYS = 120  # how long a rise of the price is told of


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods begun by the night, in the order of subscriptions and days; days since 1970, amounts a month."""

    account: Places  # among the accounts of the book
    product: Ids
    plan: Ids
    first: Marks  # of its subscription
    last: Marks
    started_on: Numbers
    ended_on: Numbers  # as the source says
    term_started_on: Numbers
    term_months: Numbers
    renews_on: Numbers
    notice_days: Numbers
    notice_given_on: Numbers
    auto_renews: Numbers
    seats: Numbers
    discount: Numbers
    may_be_price: Numbers
    price: Numbers
    mrr: Numbers  # in the organization's currency

    def choose(self, wanted: Marks | Places) -> "Periods":
        """Some of them."""
        return Periods(*(getattr(self, name)[wanted] for name in self.__slots__))


def ask_periods(facts: Facts) -> Callable[[AccountColumns], Periods]:
    """Send the statement; what is returned waits for its rows."""
    answer = facts.ask_rows(STATEMENT, COLUMNS)
    return lambda accounts: _name(answer(), accounts)


def _name(rows: Rows, accounts: AccountColumns) -> Periods:
    numbers = rows.numbers
    places, stands = accounts.find(rows.ids["account_id"])
    first = numbers["nth"] == 1
    same = {name: numbers[name] for name in Periods.__slots__ if name in numbers}
    periods = Periods(
        account=places, product=rows.ids["product_id"], plan=rows.ids["plan_id"], first=first,
        last=np.append(first[1:], True) if rows.height else first, mrr=numbers["price"] * numbers["rate"], **same,
    )  # fmt: skip
    return periods if stands.all() else periods.choose(stands)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known of each period of `Periods`; `account_runs` and `last_end_on` are told of its whole account."""

    end_on: Numbers  # where it ends as far as is known
    leaves_on: Numbers  # an end to come, known by a notice
    doubled: Marks  # it runs on into the next one
    rise: Numbers  # of its unit price against the period before, as a share
    term_on: Numbers  # where the term that it is in began
    runs: Marks  # on the night, or ran out within the grace where the account has nothing else

    def choose(self, wanted: Marks) -> "Terms":
        """Of some of the periods."""
        return Terms(*(getattr(self, name)[wanted] for name in self.__slots__))


def read_terms(periods: Periods, night: int, grace: int, accounts: int) -> Terms:
    """Where a period ends as far as is known: at the next one, or at an end already reached.

    A gap within the grace is no gap. A term begins with certainty where the contract says so, at a first period, after
    a gap, or once the term of the period before is over; any other period is a change inside a running term.
    """
    next_on = where(~periods.last, _shift(periods.started_on, -1))
    over = periods.ended_on <= night
    gap = next_on - periods.ended_on
    end_on = np.where((gap >= 0) & (gap <= grace), next_on, np.fmin(next_on, where(over, periods.ended_on)))
    end_of_account = most(periods.account, end_on, accounts)[periods.account]
    open_ended = np.isnan(end_on)
    account_runs = np.bincount(periods.account[open_ended], minlength=accounts)[periods.account] > 0
    return Terms(
        end_on=end_on,
        leaves_on=where(known(periods.notice_given_on) & (periods.ended_on > night), periods.ended_on),
        doubled=(periods.ended_on > next_on) & over,
        rise=_find_rises(periods, night),
        term_on=_find_terms(periods),
        runs=open_ended | (~account_runs & (end_on == end_of_account) & (end_on > night - grace)),
    )


@dataclass(frozen=True, slots=True)
class Renewals:
    """For each period the next end of a term, the day on which that is decided, and the next such day to come."""

    renews_on: Numbers
    decision_on: Numbers
    decides_on: Numbers


def find_renewals(periods: Periods, terms: Terms, night: int) -> Renewals:
    """What comes next for periods that run.

    The whole terms that are over are counted since the term began, or since `renews_on`, once that has passed. Where
    the notice of this term is over it renews, and the next term's decision comes.
    """
    anchor = fill(periods.renews_on, terms.term_on)
    months = where(periods.term_months > 0, periods.term_months)
    whole_terms = np.trunc(whole_months(anchor, night) / months)
    renewal = np.where(periods.renews_on > night, periods.renews_on, add_months(anchor, (whole_terms + 1) * months))
    decision = renewal - periods.notice_days
    later = add_months(renewal, periods.term_months) - periods.notice_days
    decides = np.where(decision > night, decision, np.where(periods.auto_renews == 0, renewal, later))
    return Renewals(renewal, decision, decides)


def _find_rises(periods: Periods, night: int) -> Numbers:
    unit = periods.price / np.where(periods.seats == 0, 1.0, fill(periods.seats, np.ones_like(periods.seats)))
    before = where(~periods.first, _shift(unit, 1))
    seats = np.nan_to_num(periods.seats)
    alone = (
        ~periods.first
        & (periods.plan != NO_ID)
        & (_shift(periods.plan, 1) == periods.plan)
        & (_shift(seats, 1) == seats)
        & (periods.may_be_price == 1)
        & (before > 0)
        & (periods.started_on > night - RISE_DAYS)
    )
    return where(alone, unit / np.where(alone, before, 1.0) - 1)


def _find_terms(periods: Periods) -> Numbers:
    started = periods.started_on
    before_on, before_ended = _shift(started, 1), _shift(periods.ended_on, 1)
    over = started >= add_months(before_on, np.nan_to_num(_shift(periods.term_months, 1)))
    begins = periods.first | known(periods.term_started_on) | (before_ended < started) | over
    # Of each period, the one with which its term began.
    opening = np.maximum.accumulate(np.where(begins, np.arange(begins.size), 0))
    opened_on = fill(periods.term_started_on, started)[opening]
    until = add_months(opened_on, np.nan_to_num(periods.term_months[opening]))
    return fill(periods.term_started_on, np.where(started < until, opened_on, started))


def _shift[Values: (Numbers, Ids)](values: Values, by: int) -> Values:
    """The values of the row before (1) or after (-1); those at either end are for the caller to leave out."""
    return np.roll(values, by)
