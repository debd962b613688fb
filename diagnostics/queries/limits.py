"""Use of the plans' limits, counted as the night counts it (diagnostics/features/limits.py)."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection

from diagnostics.features.limits import LEVEL_SHARE, MONTH_DAYS, WINDOW
from portfolio.models import Subscription

JUDGED_ACCOUNTS = 200
REMEMBERED_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit is used now and was used thirty days ago; `monthly` where it is counted per month."""

    metric: str
    used: float
    included: float
    before: float | None
    monthly: bool

    @property
    def share(self) -> float:
        """Part of the limit that is used; above 1 where it is exceeded."""
        return self.used / self.included

    @property
    def share_before(self) -> float | None:
        """The same thirty days ago."""
        return None if self.before is None else self.before / self.included


def measure_limits(
    limits: Iterable[Mapping[str, Any]],
    usage: Iterable[Mapping[str, Any]],
    running: Iterable[Subscription],
    levels: frozenset[str],
) -> list[LimitUse]:
    """Every limit of the running plans, fullest first. Seats are used by the people who are active.

    `limits` and `usage` are the rows of the statements of those names. `levels`: metrics that stand at a level; others
    are counted per month.
    """
    running = list(running)
    used_by = {row["metric"]: row for row in usage}
    included: dict[str, float] = {}
    for row in limits:
        for period in running:
            if str(period.plan_id) == row["plan_id"]:
                seats = period.seats if row["metric"] == "seats" else None
                included[row["metric"]] = included.get(row["metric"], 0) + (row["included"] if seats is None else seats)
    if "seats" not in included and (seats := max((p.seats or 0 for p in running), default=0)):
        included["seats"] = seats
    found = [_measure(metric, limit, used_by, levels) for metric, limit in included.items() if limit > 0]
    return sorted((use for use in found if use is not None), key=lambda use: (-use.share, use.metric))


def _measure(
    metric: str, limit: float, used_by: Mapping[str, Mapping[str, Any]], levels: frozenset[str]
) -> LimitUse | None:
    if metric == "seats":
        return _measure_people(limit, used_by)
    row = used_by.get(metric)
    if row is None or row["sum_now"] is None:
        return None
    if metric in levels:
        return LimitUse(metric, row["peak_now"], limit, row["peak_then"], monthly=False)
    pace = MONTH_DAYS / WINDOW
    before = None if row["sum_then"] is None else row["sum_then"] * pace
    return LimitUse(metric, row["sum_now"] * pace, limit, before, monthly=True)


def _measure_people(limit: float, used_by: Mapping[str, Mapping[str, Any]]) -> LimitUse | None:
    distinct, daily = used_by.get("active_users_28d", {}), used_by.get("active_users", {})
    now, then = distinct.get("last_now"), distinct.get("last_then")
    if now is None:
        now, then = daily.get("peak_now"), daily.get("peak_then")
    return None if now is None else LimitUse("seats", now, limit, then, monthly=False)


def read_level_metrics(organization_id: uuid.UUID, night: date) -> frozenset[str]:
    """The limited metrics that stand at a level (vessels connected) and are not counted per month (calls).

    Judged over a part of the book, once a night and remembered: the contract does not say which, and one account alone
    cannot tell a level that is hardly used from a count.
    """
    key = f"limits:{organization_id}:{night}"
    known: list[str] | None = cache.get(key)
    if known is None:
        with connection.cursor() as cursor:
            cursor.execute(
                JUDGE,
                {
                    "organization": organization_id,
                    "night": night,
                    "since": night - timedelta(days=6),
                    "accounts": JUDGED_ACCOUNTS,
                    "level": LEVEL_SHARE,
                },
            )
            known = [metric for (metric,) in cursor.fetchall()]
        cache.set(key, known, REMEMBERED_SECONDS)
    return frozenset(known)


JUDGE = """
WITH judged AS (
    SELECT account_id FROM diagnostics_diagnosis
    WHERE organization_id = %(organization)s AND night = %(night)s LIMIT %(accounts)s
)
SELECT l.metric FROM judged
    JOIN portfolio_subscription s ON s.organization_id = %(organization)s AND s.account_id = judged.account_id
        AND s.started_on <= %(night)s AND (s.ended_on IS NULL OR s.ended_on > %(night)s)
    JOIN portfolio_planlimit l ON l.organization_id = %(organization)s AND l.plan_id = s.plan_id
        AND l.included > 0 AND l.metric <> 'seats'
    JOIN portfolio_usage u ON u.organization_id = %(organization)s AND u.account_id = judged.account_id
        AND u.metric = l.metric AND u.day BETWEEN %(since)s AND %(night)s
GROUP BY l.metric HAVING percentile_cont(0.5) WITHIN GROUP (ORDER BY u.quantity / l.included) >= %(level)s
"""
