"""What the matrix has in hand: one account with its history and causes, or the largest accounts of one cell."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import F

from diagnostics.filters import Range
from diagnostics.models import Diagnosis
from diagnostics.queries.causes import Cause, CauseReader
from diagnostics.queries.diagnosed import Scope

HISTORY_DAYS = 30
IN_CELL = 6
CAUSES = 2


@dataclass(frozen=True, slots=True)
class AccountInHand:
    """The selected account as of the last night; the histories hold one score a diagnosed night, oldest first."""

    diagnosis: Diagnosis
    health_change: float | None
    potential_change: float | None
    health_history: list[float | None]
    potential_history: list[float | None]
    causes: list[Cause]


@dataclass(frozen=True, slots=True)
class CellRow:
    """One account of the selected cell."""

    id: uuid.UUID
    name: str
    arr: Decimal | None
    health: float
    potential: float


def read_account_in_hand(scope: Scope, account_id: uuid.UUID, *, language: str) -> AccountInHand | None:
    """The account with 30 days of scores and its first causes; None where it is not in the book or not diagnosed."""
    last = scope.nights.last.night
    history = list(
        Diagnosis.objects.filter(
            account_id=account_id,
            account__in=scope.all_accounts,
            night__gte=last - timedelta(days=HISTORY_DAYS),
            night__lte=last,
        )
        .select_related("account")
        .order_by("night")
    )
    if not history or history[-1].night != last:
        return None
    now = history[-1]
    then = history[0] if history[0].night == scope.nights.month_ago else None
    reader = CauseReader(scope.nights.last, language=language, currency=scope.membership.organization.currency)
    return AccountInHand(
        diagnosis=now,
        health_change=_change(now.health, then.health if then else None),
        potential_change=_change(now.potential, then.potential if then else None),
        health_history=[one.health for one in history],
        potential_history=[one.potential for one in history],
        causes=_first_causes(reader, now),
    )


def _first_causes(reader: CauseReader, diagnosis: Diagnosis) -> list[Cause]:
    """The top cause, then the next of its score that pulls the same way."""
    if diagnosis.top_cause is None:
        return []
    top = reader.by_number(diagnosis, [diagnosis.top_cause])[0]
    alike = [
        cause
        for cause in reader.heaviest(diagnosis, top.score)
        if cause.number != top.number and cause.source != "scale" and (cause.points > 0) == (top.points > 0)
    ]
    return [cause for cause in (top, *alike) if cause.sentence][:CAUSES]


def _change(now: float | None, then: float | None) -> float | None:
    return None if now is None or then is None else now - then


def read_cell(scope: Scope, health: Range, potential: Range) -> list[CellRow]:
    """The largest accounts of one cell."""
    rows = scope.diagnoses.filter(health.condition("health"), potential.condition("potential"))
    if not scope.is_whole:
        rows = rows.filter(account_id__in=scope.accounts.values("pk"))
    largest = rows.order_by(F("arr").desc(nulls_last=True), "account_id")
    columns = ("account_id", "account__name", "arr", "health", "potential")
    return [CellRow(*row) for row in largest.values_list(*columns)[:IN_CELL]]
