"""The KPIs of one book from the facts: what the shelves give, computed, and what lies before them."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from diagnostics.kpis.calendar import Period
from diagnostics.kpis.compute import Family, Portfolio, compute_parts
from diagnostics.kpis.groups import Groups
from diagnostics.queries.kpi_scope import KpiScope


@dataclass
class BookPortfolio(Portfolio):
    """A portfolio that reads no other ledger than that of one book and of the sister accounts of its accounts.

    Value segments are then those of the book: the largest of its accounts that make 80 % of its ARR.
    """

    account_ids: frozenset[str] | None = None

    @classmethod
    def of_scope(cls, scope: KpiScope, periods: list[Period]) -> "BookPortfolio":
        """The portfolio of a scope, whole where all accounts are asked for."""
        portfolio = cls.of(scope.organization, periods, scope.today)
        assert isinstance(portfolio, cls)
        # Many accounts at once are faster as numbers.
        portfolio.account_ids, portfolio.numbered = scope.account_ids, scope.is_whole
        return portfolio

    @cached_property
    def subscriptions(self) -> pl.DataFrame:
        """Those of the book's accounts, and of their sisters: a contract may move between them."""
        found = self.source.periods()
        if self.account_ids is None:
            return found
        tops = self.parents.filter(pl.col("account_id").is_in(list(self.account_ids)))["parent"].unique()
        kin = self.parents.filter(pl.col("parent").is_in(tops.to_list()))["account_id"].to_list()
        return keep_accounts(found, self.account_ids | set(kin))

    @cached_property
    def groups(self) -> Groups:
        """Groups of the book's own accounts."""
        return Groups(
            periods=self.frame,
            balances=keep_accounts(self.balances, self.account_ids),
            cohorts=self.cohorts,
            parents=self.parents,
            accounts=self.accounts,
            history=self.history,
        )


def read_parts(
    scope: KpiScope, periods: list[Period], family: Family | None = None
) -> tuple[BookPortfolio, list[pl.DataFrame]]:
    """The parts of every KPI (or of one family) in these periods, of the scope's accounts alone."""
    portfolio = BookPortfolio.of_scope(scope, periods)
    found = compute_parts(portfolio) if family is None else family(portfolio)
    parts = [keep_accounts(part, scope.account_ids) for part in found]
    return portfolio, [part for part in parts if part.height]


def keep_accounts(frame: pl.DataFrame, account_ids: frozenset[str] | None) -> pl.DataFrame:
    """The rows of these accounts; all of them for None."""
    if account_ids is None:
        return frame
    wanted = pl.Series(sorted(account_ids), dtype=pl.String)
    return frame.filter(pl.col("account_id").cast(pl.String).is_in(wanted.implode()))
