"""Every subject that could be acted on after a night, kind by kind.

The expected effect of acting is

    base (ARR due, or the room of the lever) × probability × share

where for defense the probability is that of losing the base (renewal risk where a decision falls within 90 days, else
churn risk) and the share is how much of that risk acting in time usually removes; for growth the probability is
potential ÷ 100 and the share is 1. The shares are assumptions, stated here and shown with each priority, until an
organization has outcomes of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diagnostics.arrays import as_array, days_between, or_none
from diagnostics.book import DiagnosedBook

GROWTH = ("upsell", "seats", "usage", "cross_sell", "price")

# What acting removes of the risk, by the source of the first cause: an unpaid invoice or an open ticket has an end
# that someone can bring about; use that has gone comes back more rarely.
RETAIN_SHARE = {"usage": 0.5, "support": 0.7, "billing": 0.7, "crm": 0.6}
UNEXPLAINED_SHARE = 0.5
NOTICED_SHARE = 0.1  # a notice that is given is rarely taken back
RENEWAL_SHARE = 0.4
SPONSOR_SHARE = 0.6
PLAN_SHARE = 0.2
OWNER_SHARE = 0.3
OPPORTUNITY_SHARE = 0.5  # of an opportunity that somebody takes up again
DEFAULT_OPPORTUNITY_PROBABILITY = 0.3  # where no potential is given

RISK_DAYS = 90
SILENT_DAYS = 30  # without any exchange
SILENT_DECIDER_DAYS = 45  # without one with somebody who decides
LONG_TERM_MONTHS = 3  # shorter terms decide every month: no renewal to prepare
STALE_OPPORTUNITY_DAYS = 30
SPONSOR_DAYS = 180
PLAN_DAYS = {True: 90, False: 180}  # strategic accounts, others

FEATURES = (
    "has_owner", "csm_email", "am_email", "strategic", "term_months", "notice_given_on", "ends_on", "arr_due_90",
    "contacts_known", "exchanges_known", "sponsors", "sponsor_left_on", "last_exchange_on", "last_decider_on",
    "plan_updated_on", "open_opportunity_arr", "opportunity_moved_on", "discount_percent",
)  # fmt: skip
DIAGNOSED = (
    "account_id", "arr", "potential", "churn_risk", "renewal_risk", "lever", "decision_on", "window_ends_on",
    "top_cause", *(f"{lever}_arr" for lever in GROWTH),
)  # fmt: skip


@dataclass(slots=True)
class Candidate:
    """A subject that could be acted on, with `row` of the book; the steps of a night fill in the rest."""

    row: int
    account_id: str
    kind: str
    base: float | None
    probability: float | None
    share: float
    deadline: date | None = None
    lever: str = ""
    # Figures of the kind's own: numbers, and days as YYYY-MM-DD.
    facts: dict[str, Any] = field(default_factory=dict)
    decision_on: date | None = None
    top_cause: int | None = None
    # By `ranking.assign_owners` and `weigh`: '' is nobody's; an effect that nobody can tell weighs nothing.
    owner_email: str = ""
    effect: float | None = None
    urgency: float = 1.0
    weight: float = 0.0
    # By `suppression.suppress`: '' waits; what is new since the last act; the subject whose act holds for this one.
    left_out: str = ""
    left_out_until: date | None = None
    news: dict[str, Any] = field(default_factory=dict)
    spoken_for: str | None = None
    # By `ranking.keep_one_per_account` and `pooling.pool_candidates`: '' stands alone.
    also: list[str] = field(default_factory=list)
    pool: str = ""
    event_id: str | None = None
    pool_accounts: int | None = None
    pool_arr: float | None = None
    # By `ranking.rank`.
    rank: int | None = None

    @property
    def subject(self) -> str:
        """With the account, the same across nights."""
        return self.kind


def find_candidates(book: DiagnosedBook) -> list[Candidate]:
    """All subjects of the night, kind by kind and account by account; an account may stand in several."""
    facts = _read(book)
    causes = book.diagnoses["top_cause"].to_list()
    sources = [signal.source for signal in book.model.declarations]
    found = []
    for holds, describe in (
        _retain(facts, [sources[cause - 1] if cause else "" for cause in causes]),
        _growth(facts),
        _renewal(facts),
        _sponsor(facts),
        _opportunity(facts),
        _plan(facts),
        _owner(facts),
    ):
        for row in np.flatnonzero(holds).tolist():
            one = describe(row)
            one.decision_on, one.top_cause = _day(facts["decision_on"][row]), causes[row]
            found.append(one)
    return found


type Facts = dict[str, NDArray[Any]]
type Kind = tuple[NDArray[np.bool_], Callable[[int], Candidate]]


def _read(book: DiagnosedBook) -> Facts:
    """Diagnoses beside the features that candidates read, sorted by account; what is missing as `as_array` says."""
    facts = {name: as_array(book.diagnoses[name]) for name in DIAGNOSED}
    facts |= {name: as_array(book.features[name]) for name in FEATURES}
    night = book.night
    days = days_between(facts["decision_on"], night)
    soon = (days >= 0) & (days <= RISK_DAYS)
    churn, renewal, arr_due = facts["churn_risk"], facts["renewal_risk"], facts["arr_due_90"]
    owned = book.features["has_owner"]
    return facts | {
        "decides_soon": soon,
        "due": np.where(soon & (arr_due > 0), arr_due, facts["arr"]),
        "risk": np.where(soon, np.where(np.isnan(renewal), churn, renewal), np.where(np.isnan(churn), renewal, churn)),
        "next_decision": np.where(days >= 0, facts["decision_on"], np.datetime64("NaT", "D")),
        "defended": facts["lever"] == "retain",
        "noticed": ~np.isnat(facts["notice_given_on"]),
        # Where nobody is named at all, that nobody is named says nothing of an account.
        "ownerless": ~facts["has_owner"] & as_array(owned.is_not_null()) & bool(owned.any()),
        **{f"{name}_days": -days_between(facts[name], night) for name in SINCE},
    }


SINCE = ("last_decider_on", "last_exchange_on", "sponsor_left_on", "opportunity_moved_on", "plan_updated_on")


def _at(
    read: Facts, row: int, kind: str, *, share: float, base: str = "due", probability: float | None = None, **more: Any
) -> Candidate:
    probability = or_none(read["risk"][row]) if probability is None else probability
    return Candidate(
        row,
        read["account_id"][row],
        kind,
        round_to(or_none(read[base][row]), 2),
        round_to(probability, 6),
        share,
        **more,
    )


def round_to(number: float | None, digits: int) -> float | None:
    """Halves to even after the point is moved, as frames of numbers do: Python alone rounds what is written."""
    return None if number is None else round(number * 10.0**digits) / 10.0**digits


def _day(day: Any) -> date | None:
    found: date | None = day.item()
    return found


def _tell(day: Any) -> str | None:
    """A day as a fact of a kind's own."""
    return None if np.isnat(day) else str(day)


def _retain(facts: Facts, sources: list[str]) -> Kind:
    def describe(row: int) -> Candidate:
        noticed = facts["noticed"][row]
        return _at(
            facts,
            row,
            "retain",
            lever="retain",
            share=NOTICED_SHARE if noticed else RETAIN_SHARE.get(sources[row], UNEXPLAINED_SHARE),
            deadline=_day(facts["next_decision"][row]) or (_day(facts["ends_on"][row]) if noticed else None),
            facts={"on": _tell(facts["notice_given_on"][row]), "until": _tell(facts["ends_on"][row])},
        )

    return facts["defended"], describe


def _growth(facts: Facts) -> Kind:
    """The room of the lever that is open; one lever at a time."""

    def describe(row: int) -> Candidate:
        lever = facts["lever"][row]
        found = _at(
            facts,
            row,
            lever,
            base=f"{lever}_arr",
            share=1.0,
            deadline=_day(facts["window_ends_on"][row]),
            lever=lever,
            facts={"discount": round_to(or_none(facts["discount_percent"][row]), 1) if lever == "price" else None},
        )
        found.probability = round_to(_ripeness(facts, row), 6)
        return found

    return np.array([lever in GROWTH for lever in facts["lever"].tolist()], dtype=bool), describe


def _ripeness(facts: Facts, row: int) -> float | None:
    potential = or_none(facts["potential"][row])
    return None if potential is None else potential / 100


def _renewal(facts: Facts) -> Kind:
    """A decision within 90 days, and nobody who decides was heard for 45 days (nobody at all for 30)."""
    silent = ~(facts["last_decider_on_days"] < SILENT_DECIDER_DAYS) & ~(facts["last_exchange_on_days"] < SILENT_DAYS)
    holds = facts["decides_soon"] & ~(facts["term_months"] < LONG_TERM_MONTHS) & facts["exchanges_known"] & silent

    def describe(row: int) -> Candidate:
        heard = [day for name in ("last_decider_on", "last_exchange_on") if (day := _tell(facts[name][row]))]
        until = facts["next_decision"][row]
        told = {"on": max(heard, default=None), "until": _tell(until)}
        return _at(facts, row, "renewal", share=RENEWAL_SHARE, deadline=_day(until), facts=told)

    return holds & ~facts["defended"] & ~facts["noticed"], describe


def _sponsor(facts: Facts) -> Kind:
    """A sponsor left within 180 days and none is left."""
    holds = facts["contacts_known"] & (np.nan_to_num(facts["sponsors"]) == 0)
    holds = holds & (facts["sponsor_left_on_days"] <= SPONSOR_DAYS) & ~facts["defended"]
    return holds, lambda row: _dated(facts, row, "sponsor", SPONSOR_SHARE, "sponsor_left_on")


def _dated(facts: Facts, row: int, kind: str, share: float, on: str) -> Candidate:
    deadline = _day(facts["next_decision"][row])
    return _at(facts, row, kind, share=share, deadline=deadline, facts={"on": _tell(facts[on][row])})


def _opportunity(facts: Facts) -> Kind:
    """An open opportunity that has not moved for 30 days; on an account to retain nothing is sold."""
    holds = (facts["open_opportunity_arr"] > 0) & (facts["opportunity_moved_on_days"] >= STALE_OPPORTUNITY_DAYS)

    def describe(row: int) -> Candidate:
        ripeness = _ripeness(facts, row)
        told = {"on": _tell(facts["opportunity_moved_on"][row]), "amount": or_none(facts["open_opportunity_arr"][row])}
        return _at(
            facts,
            row,
            "opportunity",
            base="open_opportunity_arr",
            probability=DEFAULT_OPPORTUNITY_PROBABILITY if ripeness is None else ripeness,
            share=OPPORTUNITY_SHARE,
            facts=told,
        )

    return holds & ~facts["defended"], describe


def _plan(facts: Facts) -> Kind:
    """An account plan that nobody updated or reviewed for 90 days on a strategic account, for 180 on another."""
    allowed = np.where(facts["strategic"], PLAN_DAYS[True], PLAN_DAYS[False])
    holds = (facts["plan_updated_on_days"] > allowed) & ~facts["defended"]
    return holds, lambda row: _dated(facts, row, "plan", PLAN_SHARE, "plan_updated_on")


def _owner(facts: Facts) -> Kind:
    """An account without CSM and AM, in an organization that names them."""

    def describe(row: int) -> Candidate:
        return _at(facts, row, "owner", share=OWNER_SHARE, deadline=_day(facts["next_decision"][row]))

    return facts["ownerless"], describe
