"""When a contract's term ends and when it must be decided: read from the periods of its subscription.

The same rules as the night's features (diagnostics/features/periods.py), for one account at a time.
"""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portfolio.models import Subscription


@dataclass(frozen=True, slots=True)
class Contract:
    """A subscription that runs on a day (or ran out within the grace), with its term.

    `ends_on`: the next end of the term, None where no term is known. `decides_on`: the last day on which notice can
    still be given for it; it may lie before the day.
    """

    period: Subscription
    ends_on: date | None
    decides_on: date | None
    lapsed_on: date | None


def find_contracts(periods: Iterable[Subscription], *, day: date, grace_days: int) -> list[Contract]:
    """The contracts that run on `day`, by decision date; periods that begin later are not known yet.

    Where nothing else runs, a subscription that ended no longer ago than the grace is late, not gone.
    """
    by_subscription: dict[str, list[Subscription]] = {}
    for period in sorted(periods, key=lambda p: p.started_on):
        if period.started_on <= day:
            by_subscription.setdefault(period.source_id, []).append(period)
    found = []
    for rows in by_subscription.values():
        last = rows[-1]
        lapsed = last.ended_on if last.ended_on is not None and last.ended_on <= day else None
        if lapsed is not None and lapsed <= day - timedelta(days=grace_days):
            continue
        ends_on = find_term_end(rows, day=day)
        decides_on = ends_on - timedelta(days=last.notice_days or 0) if ends_on else None
        found.append(Contract(last, ends_on, decides_on, lapsed))
    running = [contract for contract in found if contract.lapsed_on is None]
    return sorted(running or found, key=lambda c: (c.decides_on or date.max, c.period.source_id))


def find_term_end(periods: Sequence[Subscription], *, day: date) -> date | None:
    """The first end of the last period's term after `day`; None without a term. `periods`: one subscription's, by day.

    `renews_on` overrides; a term that is over has been followed by whole terms of the same length.
    """
    last = periods[-1]
    if last.renews_on is not None and last.renews_on > day:
        return last.renews_on
    if not last.term_months or last.term_months <= 0:
        return None
    anchor = last.renews_on or find_term_start(periods)
    over = max(0, _whole_months(anchor, day)) // last.term_months
    return add_months(anchor, (over + 1) * last.term_months)


def find_term_start(periods: Sequence[Subscription]) -> date:
    """The first day of the last period's term: a change of plan, seats or price inside a term begins no new one."""
    run: list[Subscription] = []
    for period in periods:
        before = run[-1] if run else None
        gap = before is not None and before.ended_on is not None and before.ended_on < period.started_on
        over = before is not None and period.started_on >= add_months(before.started_on, before.term_months or 0)
        if before is None or period.term_started_on is not None or gap or over:
            run = []
        run.append(period)
    last, first = run[-1], run[0]
    if last.term_started_on is not None:
        return last.term_started_on
    begun = first.term_started_on or first.started_on
    return begun if last.started_on < add_months(begun, first.term_months or 0) else last.started_on


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of its month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _whole_months(first: date, last: date) -> int:
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - (add_months(first, months) > last)
