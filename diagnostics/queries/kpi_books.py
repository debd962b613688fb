"""Who carries which book: accounts and ARR per CSM and Account Manager, against the tier's ratio."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection

from accounts.models import Organization
from diagnostics.kpis.books import RATIOS, book_load

# Accounts that pay, by last night's diagnosis.
STATEMENT = """
SELECT a.id::text, a.tier, a.csm_email, a.am_email, d.arr FROM portfolio_account a
JOIN diagnostics_diagnosis d ON d.organization_id = a.organization_id AND d.account_id = a.id
WHERE a.organization_id = %(organization)s AND d.arr > 0 AND d.night = (
    SELECT max(night) FROM diagnostics_night WHERE organization_id = %(organization)s)
"""
COLUMNS: dict[str, Any] = {
    "account_id": pl.String,
    "tier": pl.String,
    "csm_email": pl.String,
    "am_email": pl.String,
    "arr": pl.Decimal(38, 2),
}


@dataclass(frozen=True, slots=True)
class TierLoad:
    """One tier of a book. `least` and `most`: accounts that one person carries; None for no upper end, or no ratio."""

    tier: str
    accounts: int
    arr: Decimal
    least: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Book:
    """One person's book in one role; `load` is 1 where it is as full as the ratios say."""

    owner: str
    role: str
    accounts: int
    arr: Decimal
    load: float
    tiers: tuple[TierLoad, ...]


def read_books(organization: Organization) -> list[Book]:
    """Every book, by role and address: never a ranking."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"organization": organization.id})
        frame = pl.DataFrame(cursor.fetchall(), schema=COLUMNS, orient="row")
    found: dict[tuple[str, str], list[TierLoad]] = {}
    loads: dict[tuple[str, str], float] = {}
    for row in book_load(frame).iter_rows(named=True):
        key = row["role"], row["owner"]
        least, most = RATIOS.get(row["tier"], (None, None))
        found.setdefault(key, []).append(TierLoad(row["tier"], row["accounts"], row["arr"], least, most))
        loads[key] = row["load"] or 0.0
    books = [
        Book(
            owner,
            role,
            sum(tier.accounts for tier in tiers),
            sum((tier.arr for tier in tiers), Decimal(0)),
            loads[role, owner],
            tuple(tiers),
        )
        for (role, owner), tiers in found.items()
    ]
    return sorted(books, key=lambda book: (book.role, book.owner))
