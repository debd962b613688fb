"""Whose priority it is, and in which order: as many a person and day as the organization says, by expected effect."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from math import fsum

import polars as pl

from diagnostics.models import Priority

KEPT_LEFT_OUT = 10
# A deadline within thirty days raises the weight, up to double on its day; the effect that is shown stays as it is.
URGENT_DAYS = 30
# Under this share of the person's largest expected effect a subject is not worth a place.
LEAST_SHARE = 0.03
ACCOUNT_MANAGER_KINDS = ("renewal", "upsell", "seats", "usage", "cross_sell", "price", "opportunity")

ORDER = ["weight", "base", "account_id", "subject"]
DESCENDING = [True, True, False, False]
NONE_GIVES_WAY = pl.lit([], dtype=pl.List(pl.String))


def assign_owners(candidates: pl.DataFrame) -> pl.DataFrame:
    """Column owner_email: the AM for growth, renewals and opportunities if one is named, else the CSM; '' unowned."""
    sold = pl.col("kind").is_in(ACCOUNT_MANAGER_KINDS)
    csm, am = pl.col("csm_email"), pl.col("am_email")
    owner = pl.when(sold & (am != "")).then(am).when(csm != "").then(csm).otherwise(am)
    return candidates.with_columns(owner_email=owner).drop("csm_email", "am_email")


def weigh(candidates: pl.DataFrame, night: date) -> pl.DataFrame:
    """Columns effect, urgency and weight = effect × urgency. An effect that nobody can tell weighs nothing."""
    days = (pl.col("deadline") - pl.lit(night)).dt.total_days()
    urgency = pl.when(days >= 0).then(1 + ((URGENT_DAYS - days) / URGENT_DAYS).clip(0.0, 1.0))
    return candidates.with_columns(
        effect=(pl.col("base") * pl.col("probability") * pl.col("share")).round(2),
        urgency=urgency.round(4).fill_null(1.0),
    ).with_columns(weight=(pl.col("effect") * pl.col("urgency")).fill_null(0.0))


# The rest goes over rows, not expressions: a night's candidates are a few dozen for hundreds of accounts, and each step
# of a frame costs as much as a hundred rows of a loop.


def keep_one_per_account(candidates: pl.DataFrame) -> pl.DataFrame:
    """The heaviest waiting subject of each account and person; column `also` lists the kinds that give way to it.

    A subject that is left out already hides none that waits: it stays as a row of its own, with those that it speaks
    for (`spoken_for`).
    """
    ordered = candidates.sort(ORDER, descending=DESCENDING, nulls_last=True)
    rows = list(ordered.select("account_id", "owner_email", "left_out", "subject", "kind").iter_rows())
    spoken = ordered["spoken_for"].to_list() if "spoken_for" in ordered.columns else [None] * len(rows)
    also: dict[int, list[str]] = {}
    first: dict[tuple[str, ...], int] = {}

    def put(place: int, key: tuple[str, ...], kind: str) -> None:
        heaviest = first.setdefault(key, place)
        if heaviest == place:
            also[place] = []
        else:
            also[heaviest].append(kind)

    away = []
    for place, (account, owner, left_out, subject, kind) in enumerate(rows):
        if left_out == "":
            put(place, (account, owner), kind)
        elif spoken[place] is None:
            put(place, (account, owner, subject), kind)
        else:
            away.append(place)
    # Behind all those that may speak for them.
    for place in away:
        account, owner, _left_out, _subject, kind = rows[place]
        put(place, (account, owner, spoken[place] or ""), kind)
    lists = pl.Series(list(also.values()), dtype=pl.List(pl.String)) if any(also.values()) else NONE_GIVES_WAY
    return ordered[list(also)].with_columns(also=lists)


def rank(candidates: pl.DataFrame, a_day: int) -> pl.DataFrame:
    """Column rank, 1 to `a_day` for each person; left_out says why a row has none. Rows left out before stay so.

    The rows of a pool are one: they share a rank, by the sum of their effects.
    """
    columns = ("account_id", "subject", "owner_email", "pool", "left_out", "effect", "weight", "base")
    accounts, subjects, owners, pools, left_out, *amounts = (candidates[name].to_list() for name in columns)
    units = [pool or account for pool, account in zip(pools, accounts, strict=True)]
    effects, weights, bases = (_add_up(values, owners, units, left_out) for values in amounts)
    _own_effects, own_weights, own_bases = amounts
    order = sorted(
        range(candidates.height),
        key=lambda row: (
            *_largest_first(weights[row], bases[row]),
            units[row],
            *_largest_first(own_weights[row], own_bases[row]),
            accounts[row],
            subjects[row],
        ),
    )
    largest: dict[str, float] = {}
    for owner, effect, left in zip(owners, effects, left_out, strict=True):
        if left == "" and effect is not None:
            largest[owner] = max(effect, largest.get(owner, effect))
    places: dict[str, dict[str, int]] = {}
    ranks: list[int | None] = []
    reasons = []
    for row in order:
        owner, effect, reason = owners[row], effects[row], left_out[row]
        place = None
        if reason == "" and effect is not None and effect < LEAST_SHARE * largest[owner]:
            reason = Priority.LeftOut.BELOW_THRESHOLD.value
        elif reason == "":
            taken = places.setdefault(owner, {})
            place = taken.setdefault(units[row], len(taken) + 1)
            if place > a_day:
                place, reason = None, Priority.LeftOut.MORE_THAN_TEN.value
        ranks.append(place)
        reasons.append(reason)
    return candidates[order].with_columns(
        rank=pl.Series(ranks, dtype=pl.Int16), left_out=pl.Series(reasons, dtype=pl.String)
    )


def _add_up(
    values: Sequence[float | None], owners: Sequence[str], units: Sequence[str], left_out: Sequence[str]
) -> list[float | None]:
    """Of each row that waits the sum over its person's unit, where anything of it is known; of others their own."""
    known: dict[tuple[str, str], list[float]] = {}
    for value, owner, unit, left in zip(values, owners, units, left_out, strict=True):
        if left == "" and value is not None:
            known.setdefault((owner, unit), []).append(value)
    # Exactly rounded sums do not hang on the order of the rows.
    sums = {key: fsum(each) for key, each in known.items()}
    return [
        sums.get((owner, unit), value) if left == "" else value
        for value, owner, unit, left in zip(values, owners, units, left_out, strict=True)
    ]


def _largest_first(*values: float | None) -> tuple[tuple[bool, float], ...]:
    """What sorts the largest first and what is not known last."""
    return tuple((value is None, -(value or 0.0)) for value in values)


def keep_first_left_out(ranked: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows to keep, and how many of each person are not: of those left out for want of a place the first ten.

    Nobody reads further down; in a large book they would be most of what a night writes.
    """
    unplaced = (Priority.LeftOut.MORE_THAN_TEN.value, Priority.LeftOut.BELOW_THRESHOLD.value)
    seen: Counter[str] = Counter()
    keeps = []
    for owner, reason in zip(ranked["owner_email"].to_list(), ranked["left_out"].to_list(), strict=True):
        seen[owner] += reason in unplaced
        keeps.append(reason not in unplaced or seen[owner] <= KEPT_LEFT_OUT)
    dropped = {owner: count - KEPT_LEFT_OUT for owner, count in seen.items() if count > KEPT_LEFT_OUT}
    return ranked if all(keeps) else ranked.filter(pl.Series(keeps)), dropped
