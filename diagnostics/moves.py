"""What moved between two nights of a book: compared as arrays, told account by account.

A health move counts from 5 points in a night, or from 7 in thirty days on the night that reaches them. Nights are
compared in memory: as one join in SQL, PostgreSQL took few rows for granted and compared every account with every
other, at thirty times the cost. Of hundreds of accounts a handful moves: the rest is over after a few steps of arrays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diagnostics.arrays import days_between, or_none
from diagnostics.models import Movement

DAY_POINTS = 5.0
MONTH_POINTS = 7.0
LIMIT_DAYS = 30
LIMIT_STEP_DAYS = 3
DEFENSE, EXPANSION, RETAIN = "defense_priority", "expansion_priority", "retain"
PLACES = {kind: place for place, kind in enumerate(Movement.Kind.values, start=1)}


@dataclass(slots=True)
class Moved:
    """One account that moved in one way: Movement's columns, with `row` of the diagnoses.

    The cause is looked for among the signals of `score` ('' of either), by what changed in `direction`.
    """

    row: int
    account_id: str
    arr: float | None
    kind: str
    since: date
    direction: float
    score: str = ""
    from_value: float | None = None
    to_value: float | None = None
    from_code: str = ""
    to_code: str = ""
    cause: int | None = None
    cause_points: float | None = None

    def list_columns(self) -> dict[str, Any]:
        """As it is written."""
        return {
            **{name: getattr(self, name) for name in WRITTEN},
            "place": PLACES[self.kind],
        }


WRITTEN = (
    "account_id", "arr", "kind", "since", "from_value", "to_value", "from_code", "to_code", "cause", "cause_points",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """Two nights of the accounts that are in both, a place each: as they are, as they `was`, a month before each.

    What is missing is NaN, NaT, '' or False.
    """

    night: date
    continued: date
    month_ago: date | None
    rows: NDArray[np.int64]  # of the diagnoses
    now: Mapping[str, NDArray[Any]]
    was: Mapping[str, NDArray[Any]]
    month: Mapping[str, NDArray[Any]]


STOOD = ("health", "segment", "lever", "limit_metric", "limit_on")


def find_moves(compared: Compared) -> list[Moved]:
    """What moved, kind by kind and account by account, without its cause."""
    now, was, month = compared.now, compared.was, compared.month
    health, health_was, month_health = now["health"], was["health"], month["month_health"]
    by_day, by_month = health - health_was, health - month_health
    was_by_month = np.nan_to_num(health_was - month["was_month_health"], nan=0.0)
    into, out = now["lever"], was["lever"]
    left, left_was = days_between(now["limit_on"], compared.night), days_between(was["limit_on"], compared.continued)
    same_limit = (now["limit_metric"] == was["limit_metric"]) & (now["limit_metric"] != "")
    nearer = ~same_limit | np.isnan(left_was) | (left_was > LIMIT_DAYS)
    nearer |= days_between(was["limit_on"], compared.night) - left >= LIMIT_STEP_DAYS

    crossed = now["segment"] != was["segment"]
    # The segment's crossing says it already.
    into_defense, out_of_defense = crossed & (now["segment"] == DEFENSE), crossed & (was["segment"] == DEFENSE)
    leapt = np.abs(by_day) >= DAY_POINTS
    reached = ~leapt & (np.abs(by_month) >= MONTH_POINTS) & (np.abs(was_by_month) < MONTH_POINTS)
    opened = (into != out) & (into != "") & ~((into == RETAIN) & into_defense)
    closed = (into == "") & (out != "") & ~((out == RETAIN) & out_of_defense)
    found: list[Moved] = []

    def put(kind: str, stands: NDArray[np.bool_], describe: Callable[[int], dict[str, Any]]) -> None:
        for at in np.flatnonzero(stands).tolist():
            row, account, arr = int(compared.rows[at]), now["account_id"][at], or_none(now["arr"][at])
            found.append(Moved(row, account, arr, kind, **{"since": compared.continued, **describe(at)}))

    # Where there is no night of a month ago, a crossing is explained by the night before.
    def since(at: int) -> date:
        return compared.continued if compared.month_ago is None or np.isnan(month_health[at]) else compared.month_ago

    def crossing(at: int) -> dict[str, Any]:
        return {"from_code": was["segment"][at], "to_code": now["segment"][at], "since": since(at)}

    def healths(at: int, before: float) -> dict[str, Any]:
        return {"from_value": or_none(before), "to_value": or_none(health[at]), "score": "health"}

    def into_or_out_of_defense(at: int) -> dict[str, Any]:
        before = health_was[at] if np.isnan(month_health[at]) else month_health[at]
        return crossing(at) | healths(at, before)

    def limit(at: int) -> dict[str, Any]:
        return {
            "from_value": or_none(left_was[at]) if same_limit[at] else None,
            "to_value": or_none(left[at]),
            "from_code": was["limit_metric"][at],
            "to_code": now["limit_metric"][at],
            "score": "potential",
            "direction": 1.0,
        }

    def lever(at: int, score: str, direction: float) -> dict[str, Any]:
        return {"from_code": out[at], "to_code": into[at], "score": score, "direction": direction}

    def notice(at: int) -> dict[str, Any]:
        ends_on = month["ends_on"][at]
        return {"to_code": "" if np.isnat(ends_on) else str(ends_on), "score": "health", "direction": -1.0}

    def leap(at: int) -> dict[str, Any]:
        return healths(at, health_was[at]) | {"direction": float(np.sign(by_day[at]))}

    def slide(at: int) -> dict[str, Any]:
        return healths(at, month_health[at]) | {"direction": float(np.sign(by_month[at])), "since": since(at)}

    def opening(at: int) -> dict[str, Any]:
        return lever(at, "health", -1.0) if into[at] == RETAIN else lever(at, "potential", 1.0)

    def closing(at: int) -> dict[str, Any]:
        return lever(at, "health", 1.0) if out[at] == RETAIN else lever(at, "", -1.0)

    to_expansion, from_expansion = now["segment"] == EXPANSION, was["segment"] == EXPANSION
    put("notice_given", month["noticed"], notice)
    put("entered_defense", into_defense, lambda at: into_or_out_of_defense(at) | {"direction": -1.0})
    put("left_defense", out_of_defense, lambda at: into_or_out_of_defense(at) | {"direction": 1.0})
    put("entered_expansion", crossed & to_expansion, lambda at: crossing(at) | {"direction": 1.0})
    put("left_expansion", crossed & from_expansion & ~into_defense, lambda at: crossing(at) | {"direction": -1.0})
    put("health_moved", leapt, leap)
    put("health_moved", reached, slide)
    put("limit_nearer", (left <= LIMIT_DAYS) & nearer, limit)
    put("lever_opened", opened, opening)
    put("lever_closed", closed, closing)
    return found
