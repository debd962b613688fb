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

# measure -> the groups tried in turn; () is the whole book
SCOPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "level": (("main_plan_id", "tier", "age_band"), ("main_plan_id", "tier"), ("main_plan_id",), ("tier",), ()),
    "seat_share": (("main_plan_id", "tier", "age_band"), ("main_plan_id", "tier"), ("tier",), ()),
    "breadth": (("main_plan_id", "tier", "age_band"), ("main_plan_id", "tier"), ("tier",), ()),
    "use_per_price": (("main_plan_id", "tier"), ("main_plan_id",), ("tier",), ()),
    "key_share": (("main_plan_id",), ()),
    "trend_7": (("country",), ()),
    "trend_28": (("country",), ()),
    "trend_84": (("country",), ()),
    "idle_days": (("country",), ()),
    "days_to_first_milestone": (("tier",), ()),
}
# Rates of rare events: the sum over the book divided by its activity, not a median (which would be 0).
RATES = {
    "severe_rate": ("severe_90", "activity_84"),
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


def _median(measure: str, least: int, alias: str) -> pl.Expr:
    value = pl.col(measure)
    return pl.when(value.count() >= least).then(value.median()).alias(alias)


def compute_peers(measured: pl.DataFrame) -> Peers:
    """Medians of a measured frame; a pass over the accounts for each grouping."""
    by_group: dict[tuple[str, ...], list[pl.Expr]] = {}
    for measure, scopes in SCOPES.items():
        for depth, scope in enumerate(scopes):
            least = MIN_PEERS if scope else MIN_BOOK
            by_group.setdefault(scope, []).append(_median(measure, least, f"{measure}@{depth}"))
    rates = [
        (pl.col(part).sum() / pl.when(pl.col(whole).sum() > 0).then(pl.col(whole).sum()))
        .round_sig_figs(9)
        .alias(f"{name}@0")
        for name, (part, whole) in RATES.items()
    ]
    book = measured.select(*by_group.pop(()), *rates)
    groups = {scope: measured.group_by(scope, maintain_order=True).agg(medians) for scope, medians in by_group.items()}
    return Peers(groups=groups, book=book, value_floors=compute_value_floors(measured["arr"]))


def attach_peers(measured: pl.DataFrame, peers: Peers) -> pl.DataFrame:
    """The frame with one column `peer_<measure>` per compared measure: the narrowest group's median."""
    frame = measured
    for scope, medians in peers.groups.items():
        frame = frame.join(medians, on=scope, how="left", nulls_equal=True, maintain_order="left")
    names = {column: peers.book[column][0] for column in peers.book.columns}
    frame = frame.with_columns(pl.lit(value, dtype=pl.Float64).alias(column) for column, value in names.items())
    compared = [
        pl.coalesce(f"{measure}@{depth}" for depth in range(len(scopes))).alias(f"peer_{measure}")
        for measure, scopes in SCOPES.items()
    ]
    return frame.with_columns(*compared, *(pl.col(f"{name}@0").alias(f"peer_{name}") for name in RATES))
