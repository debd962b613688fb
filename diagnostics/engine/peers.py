"""Comparable accounts: what the same plan, tier and age show, and what the same weeks did to all.

A level is compared with accounts of the same plan, tier and age band; where fewer than `MIN_PEERS`
of those have a value, with a broader group, at last with the whole book. A trend is compared with the
accounts of the same country over the same weeks, so that August and Christmas raise no alarm. Where even
the whole book has fewer than `MIN_BOOK` accounts with a value, there is nothing to compare with.
"""

from dataclasses import dataclass

import polars as pl

from .segments import compute_value_floors

MIN_PEERS = 12
MIN_BOOK = 5

PLAN_TIER_AGE = ("main_plan_id", "tier", "age_band")
# measure -> the groups tried in turn; () is the whole book
SCOPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "level": (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ()),
    "seat_share": (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ()),
    "breadth": (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ()),
    "use_per_price": (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ()),
    "key_share": (("main_plan_id",), ()),
    "trend_7": (("country",), ()),
    "trend_28": (("country",), ()),
    "trend_84": (("country",), ()),
    "idle_days": (("country",), ()),
    "products": (("tier",), ()),
    "days_to_first_milestone": (("tier",), ()),
}
# Rates of rare events: the sum over the book divided by its activity, not a median (which would be 0).
RATES = {
    "severe_rate": ("severe_90", "activity_84"),
    "severe_share": ("severe_90", "tickets_90"),
    "reopened_rate": ("reopened_90", "tickets_90"),
    "negative_rate": ("negative_activity_28", "activity_28"),
}


@dataclass(frozen=True)
class Peers:
    """The book's yardsticks: medians by group, one frame for each grouping, rates of the whole book,
    and the ARR at which its value segments begin."""

    groups: dict[tuple[str, ...], pl.DataFrame]
    book: pl.DataFrame  # one row
    value_floors: tuple[float, float]  # ARR from which an account is A, and B


def _list_medians() -> dict[tuple[str, ...], list[pl.Expr]]:
    """For each grouping the medians it gives, named `measure@depth` by their place among the scopes."""
    medians: dict[tuple[str, ...], list[pl.Expr]] = {}
    for measure, scopes in SCOPES.items():
        value = pl.col(measure)
        for depth, scope in enumerate(scopes):
            enough = value.count() >= (MIN_PEERS if scope else MIN_BOOK)
            medians.setdefault(scope, []).append(pl.when(enough).then(value.median()).alias(f"{measure}@{depth}"))
    return medians


_MEDIANS = _list_medians()
_RATES = [
    (pl.col(part).sum() / pl.when(pl.col(whole).sum() > 0).then(pl.col(whole).sum())).round_sig_figs(9).alias(name)
    for name, (part, whole) in RATES.items()
]


def compute_peers(measured: pl.DataFrame) -> Peers:
    """Medians of a measured frame; a pass over the accounts for each grouping."""
    groups = {
        scope: measured.group_by(scope, maintain_order=True).agg(medians)
        for scope, medians in _MEDIANS.items()
        if scope
    }
    book = measured.select(*_MEDIANS[()], *_RATES)
    return Peers(groups=groups, book=book, value_floors=compute_value_floors(measured["arr"]))


def attach_peers(measured: pl.DataFrame, peers: Peers) -> pl.DataFrame:
    """The frame with one column `peer_<measure>` per compared measure: the narrowest group's median."""
    frame = measured
    for scope, medians in peers.groups.items():
        frame = frame.join(medians, on=scope, how="left", nulls_equal=True, maintain_order="left")
    book = peers.book.row(0, named=True)
    compared = [
        pl.coalesce(
            *(f"{measure}@{depth}" for depth in range(len(scopes) - 1)),
            pl.lit(book[f"{measure}@{len(scopes) - 1}"], dtype=pl.Float64),
        ).alias(f"peer_{measure}")
        for measure, scopes in SCOPES.items()
    ]
    return frame.with_columns(*compared, *(pl.lit(book[n], dtype=pl.Float64).alias(f"peer_{n}") for n in RATES))
