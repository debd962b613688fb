"""The book and its outcome: load against the tier's ratio, and what the Account Manager's accounts brought."""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

# Accounts per person, by tier: the ratios of the field. Small accounts are pooled.
RATIOS = {"enterprise": (5, 10), "mid_market": (15, 20), "smb": (500, None)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Revenue, not activity: what a book renewed, kept and grew in a period; None where there was nothing to divide."""

    owner: str
    renewal_rate: Decimal | None
    nrr: Decimal | None
    expansion: Decimal
    # Expansion closed × the organization's rate; None unless it is switched on.
    variable: Decimal | None = None


def book_load(accounts: pl.DataFrame) -> pl.DataFrame:
    """owner, role, tier, accounts, arr, least, most, state of each person's book.

    `accounts`: account_id, tier, csm_email, am_email and arr of paying accounts. A CSM and an AM each carry the
    account. `load` is accounts ÷ the ratio's upper end, added up over tiers: above 1 the book is fuller than the ratio;
    a tier without an upper end weighs by its lower.
    """
    long = accounts.unpivot(
        ["csm_email", "am_email"], index=["account_id", "tier", "arr"], variable_name="role", value_name="owner"
    ).filter(pl.col("owner") != "")
    most = pl.col("tier").replace_strict({t: high or low for t, (low, high) in RATIOS.items()}, default=None)
    found = long.group_by("owner", "role", "tier").agg(accounts=pl.len(), arr=pl.col("arr").sum())
    found = found.with_columns(
        role=pl.col("role").str.strip_suffix("_email"), share=pl.col("accounts") / most.cast(pl.Float64)
    )
    return found.with_columns(load=pl.col("share").sum().over("owner", "role")).sort("owner", "role", "tier")


def outcome_of(
    owner: str, figures: dict[str, tuple[Decimal, Decimal | None]], *, rate: Decimal | None = None
) -> Outcome:
    """A book's outcome from its figures, (numerator, denominator) by KPI; `rate` is what one unit of expansion pays."""

    def ratio(name: str) -> Decimal | None:
        top, bottom = figures.get(name, (Decimal(0), None))
        return top / bottom if bottom else None

    expansion = figures.get("expansion_revenue", (Decimal(0), None))[0]
    variable = None if rate is None else expansion * rate
    return Outcome(owner, ratio("renewal_rate"), ratio("nrr"), expansion, variable)
