"""How the decisions behind an expected loss may end, where they are so few that every way can be listed."""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from diagnostics.kpis import risk
from diagnostics.kpis.groups import By
from diagnostics.queries.kpi_computed import BookPortfolio, keep_accounts
from diagnostics.queries.kpi_scope import KpiScope
from portfolio.models import Account


@dataclass(frozen=True, slots=True)
class NamedOutcome:
    """One way: the accounts whose contracts are lost ('' for none), what that comes to, and how likely it is."""

    lost: str
    amount: Decimal
    probability: float


def list_named_outcomes(scope: KpiScope, *, by: By | None = None, group: str = "") -> list[NamedOutcome]:
    """Every way in which fewer than five decisions of the scope may end, likeliest first; nothing for more."""
    portfolio = BookPortfolio.of_scope(scope, [scope.period])
    due = risk.expected_loss(portfolio.contracts.drop_nulls("arr")).with_columns(owner_on=pl.col("decides_on"))
    due = keep_accounts(due, scope.account_ids)
    if by is not None:
        due = portfolio.groups.assign(due, by).filter(pl.col("group") == group)
    if not 0 < due.height < risk.FEW_CONTRACTS:
        return []
    ids = due["account_id"].cast(pl.String)
    names = dict(Account.objects.filter(pk__in=ids.to_list()).values_list("pk", "name"))
    of_contract = dict(zip(due["subscription_id"], ids, strict=True))
    by_id = {str(pk): name for pk, name in names.items()}
    return [
        NamedOutcome(
            ", ".join(sorted(by_id[of_contract[contract]] for contract in outcome.lost)),
            outcome.amount,
            outcome.probability,
        )
        for outcome in risk.list_outcomes(due)
    ]
