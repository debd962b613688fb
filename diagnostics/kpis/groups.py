"""Groups of accounts: tier, value segment, cohort, owner and ultimate parent; and the sums over them."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import polars as pl

from diagnostics.engine.segments import VALUE_SHARES
from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.events import has_history, value_now, value_on
from diagnostics.kpis.frames import MONEY, OF
from diagnostics.kpis.slim import Slim, list_amounts

By = Literal["value_segment", "tier", "cohort", "owner", "parent"]
BYS: tuple[By, ...] = ("value_segment", "tier", "cohort", "owner", "parent")
# An account that has no tier, no owner or never paid; '' is the whole portfolio.
NONE = "none"
SMALL_GROUP = 5
# Value segments; who pays nothing is of the last.
LETTERS = pl.Series(["A", "B", "C"])
# Of which fields an account's history may make another group.
HISTORIES: dict[By, tuple[str, ...]] = {"tier": ("tier",), "owner": ("am_email", "csm_email")}

FIGURES: dict[str, Any] = {
    "period": pl.String,
    "group": pl.String,
    "kpi": pl.String,
    "numerator": MONEY,
    "denominator": MONEY,
}


def assign_value_segments(balances: pl.DataFrame) -> pl.DataFrame:
    """period, account_id, value_segment by the ARR of day 1; accounts that pay nothing on it are C.

    A: the accounts while those larger make less than 80 % of ARR; B: the next 15 %; C: the rest. Equal ARR shares a
    letter.
    """
    paid = balances.filter(pl.col("base") > 0).select("period", "place", "account_id", "base")
    # Amounts are put in order within each period: together with its number that takes four times as long.
    ordered = paid.group_by("place").agg(
        pl.col("base").sort(descending=True), total=pl.col("base").sum().cast(pl.Float64)
    )
    larger = pl.col("base").list.eval(pl.element().cum_sum() - pl.element())
    rows = ordered.with_columns(larger=larger).explode("base", "larger")
    rows = rows.with_columns(share=pl.col("larger").cast(pl.Float64) / pl.col("total"))
    # The smallest account that still belongs to a letter: those as large share it.
    floors = rows.group_by("place").agg(
        a=pl.col("base").filter(pl.col("share") < VALUE_SHARES["A"]).min(),
        b=pl.col("base").filter(pl.col("share") < VALUE_SHARES["B"]).min(),
    )
    lettered = paid.join(floors, on="place", how="left", maintain_order="left")
    large, middle = pl.col("base") >= pl.col("a"), pl.col("base") >= pl.col("b")
    letter = pl.when(large).then(pl.lit("A")).when(middle).then(pl.lit("B")).otherwise(pl.lit("C"))
    return lettered.select("period", "account_id", value_segment=letter)


def assign_cohorts(first_paid: pl.DataFrame, quarters: pl.DataFrame) -> pl.DataFrame:
    """account_id and cohort, the fiscal quarter of the first paid day. `quarters`: `frame_periods` over them all."""
    placed = place_in_periods(first_paid, "first_paid_on", quarters)
    return placed.select("account_id", cohort="period")


class Groups:
    """To which group each part belongs."""

    def __init__(
        self,
        *,
        periods: pl.DataFrame,
        balances: pl.DataFrame,
        cohorts: pl.DataFrame,
        parents: pl.DataFrame,
        accounts: pl.DataFrame,
        history: pl.DataFrame,
    ) -> None:
        self.periods, self.accounts, self.history = periods, accounts, history
        names = accounts.select("account_id", parent_name="source_id")
        tops = accounts.select("account_id", own="source_id").join(parents, on="account_id", how="left")
        tops = tops.join(names, left_on="parent", right_on="account_id", how="left")
        self.segments, self.cohorts = assign_value_segments(balances), cohorts
        self.tops = tops.select("account_id", group=pl.coalesce("parent_name", "own"))

    def assign(self, parts: pl.DataFrame, by: By) -> pl.DataFrame:
        """The parts with their `group`."""
        if by == "value_segment":
            letters = self._letters.gather(self._number(parts))
            return parts.with_columns(letters.alias("group"))
        if by == "cohort":
            found = parts.join(self.cohorts.rename({"cohort": "group"}), on="account_id", how="left")
        elif by == "parent":
            found = parts.join(self.tops, on="account_id", how="left")
        elif by == "tier":
            found = self.tiers(parts).rename({"tier": "group"})
        else:
            found = self.owners(parts)
        return found.with_columns(group=pl.when(pl.col("group") != "").then("group").otherwise(pl.lit(NONE)))

    def number(self, rows: pl.DataFrame, by: By) -> tuple[pl.Series, pl.Series]:
        """(names of groups, the place among them of each row's group), for account ids of a numbered portfolio."""
        if by == "value_segment":
            names, places = self._letter_places
            return names, places.gather(self._number(rows))
        if any(has_history(field, self.history) for field in HISTORIES.get(by, ())):
            return _place(self.assign(rows.select("period", "account_id", "owner_on"), by)["group"])
        if by not in self._of_accounts:
            ids = pl.Series(self._numbered.categories, dtype=self._numbered)
            every = pl.DataFrame({"account_id": ids, "period": self.periods["period"][0]})
            found = self.assign(every.with_columns(owner_on=pl.lit(None, dtype=pl.Date)), by)
            self._of_accounts[by] = _place(found.sort("account_id")["group"])
        names, places = self._of_accounts[by]
        return names, places.gather(rows["account_id"].to_physical())

    @cached_property
    def _of_accounts(self) -> dict[By, tuple[pl.Series, pl.Series]]:
        """Where it is the same every day: what `number` gives of each account, in the order of the ids."""
        return {}

    @cached_property
    def _letter_places(self) -> tuple[pl.Series, pl.Series]:
        places = np.full(self.periods.height * len(self._numbered.categories), len(LETTERS) - 1)
        letters = self.segments["value_segment"].cast(pl.Enum(LETTERS)).to_physical()
        places[self._number(self.segments).to_numpy()] = letters.to_numpy()
        return LETTERS, pl.Series(places)

    @cached_property
    def _letters(self) -> pl.Series:
        """The value segment of every account in every period, by number: looked up ten times as fast as joined."""
        letters = np.full(self.periods.height * len(self._numbered.categories), "C", dtype=object)
        letters[self._number(self.segments).to_numpy()] = self.segments["value_segment"].to_numpy()
        return pl.Series(letters.tolist(), dtype=pl.String)

    @cached_property
    def _numbered(self) -> pl.Enum:
        """Account ids as numbers."""
        known = self.accounts.schema["account_id"]
        return known if isinstance(known, pl.Enum) else pl.Enum(self.accounts["account_id"])

    def _number(self, rows: pl.DataFrame) -> pl.Series:
        """Period and account in one number."""
        period = pl.col("period").cast(pl.Enum(self.periods["period"])).to_physical().cast(pl.Int64)
        account = pl.col("account_id").cast(self._numbered).to_physical().cast(pl.Int64)
        return rows.select(number=period * len(self._numbered.categories) + account)["number"]

    def tiers(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows (period, account_id) with the account's `tier` of day 1."""
        if not has_history("tier", self.history):
            return value_now(rows, "tier", self.accounts)
        dated = rows.join(self.periods.select("period", day_1="first"), on="period", how="left", maintain_order="left")
        return value_on(dated, "day_1", "tier", self.history, self.accounts).drop("day_1")

    def owners(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows (account_id, owner_on) with `group`: that day's Account Manager, else the CSM; so books add up."""
        found = value_on(rows, "owner_on", "am_email", self.history, self.accounts)
        found = value_on(found, "owner_on", "csm_email", self.history, self.accounts)
        am, csm = pl.col("am_email").fill_null(""), pl.col("csm_email").fill_null("")
        return found.with_columns(group=pl.when(am != "").then(am).otherwise(csm)).drop("am_email", "csm_email")


def _place(group: pl.Series) -> tuple[pl.Series, pl.Series]:
    names = group.unique(maintain_order=True)
    return names, group.cast(pl.Enum(names)).to_physical().cast(pl.Int64)


def sum_parts(parts: pl.DataFrame, by: Sequence[str] = ("period", "group")) -> pl.DataFrame:
    """The key and the sums of parts that have it; NULL for a KPI without any part there."""
    return _sum_lazily(parts, by).collect()


def _sum_lazily(parts: pl.DataFrame, by: Sequence[str]) -> pl.LazyFrame:
    names = list_amounts(parts)
    whole = [n for n in names if not parts[n].null_count()]
    return (
        parts.lazy()
        .group_by(by)
        .agg(
            pl.col(whole).sum(),
            *(pl.when(pl.col(n).count() > 0).then(pl.col(n).sum()).alias(n) for n in names if n not in whole),
        )
    )


class Grouping(Protocol):
    """Says to which group each part belongs."""

    def assign(self, parts: pl.DataFrame, by: By) -> pl.DataFrame:
        """The parts with their `group`."""


def sum_wide(parts: Sequence[Slim], groups: Grouping, by: By | None) -> pl.DataFrame:
    """period, group and a column per KPI and denominator: of the whole portfolio (group '') where `by` is None."""
    whole = pl.lit("").alias("group")
    placed = (p.with_frame(p.frame.with_columns(whole) if by is None else groups.assign(p.frame, by)) for p in parts)
    return sum_placed(placed)


def sum_placed(parts: Iterable[Slim]) -> pl.DataFrame:
    """The same of parts that have their `group`; all of it one query."""
    key = ["period", "group"]
    found, known = None, set[str]()
    for part in parts:
        sums = part.name_all(_sum_lazily(part.frame, key))
        names = {*list_amounts(part.frame), *part.same}
        again = sorted(names & known)
        known |= names
        if found is None:
            found = sums
            continue
        found = found.join(sums, on=key, how="full", coalesce=True, suffix=" more")
        if again:
            # Parts of one KPI may come in several frames.
            both = {name: pl.col(name).is_not_null() | pl.col(f"{name} more").is_not_null() for name in again}
            found = found.with_columns(
                pl.when(given).then(pl.sum_horizontal(name, f"{name} more")).alias(name) for name, given in both.items()
            ).drop(f"{name} more" for name in again)
    return pl.DataFrame(schema=dict.fromkeys(key, pl.String)) if found is None else found.collect()


def list_figures(sums: pl.DataFrame) -> pl.DataFrame:
    """Columns FIGURES: one row per period, group and KPI that is given."""
    names = [n for n in sums.columns if n not in ("period", "group") and not n.endswith(OF)]
    found = [
        sums.select(
            "period",
            "group",
            kpi=pl.lit(name),
            numerator=pl.col(name),
            denominator=pl.col(name + OF) if name + OF in sums.columns else pl.lit(None, dtype=MONEY),
        ).drop_nulls("numerator")
        for name in names
    ]
    return pl.concat(found).sort("period", "group", "kpi") if found else pl.DataFrame(schema=FIGURES)
