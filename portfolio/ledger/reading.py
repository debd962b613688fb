"""The open organization's ledger, from its facts."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from accounts.models import Organization
from portfolio.ledger.build import Ledger, build_ledger
from portfolio.ledger.periods import Period, Rates
from portfolio.models import Account, PlanRate, Subscription


def read_ledger(*, until: date, account_ids: Iterable[UUID] | None = None) -> Ledger:
    """Movements of the open organization up to `until`; of some accounts only where `account_ids` is given."""
    organization = Organization.objects.get()
    rows = Subscription.objects.filter(started_on__lte=until).select_related("product", "plan")
    if account_ids is not None:
        rows = rows.filter(account_id__in=list(account_ids))
    return build_ledger(
        (read_period(row) for row in rows.iterator()),
        until=until,
        rates=read_rates(organization),
        parents=read_ultimate_parents(),
        grace_days=organization.late_renewal_grace_days,
    )


def read_period(row: Subscription) -> Period:
    """One stored period as the ledger reads it."""
    return Period(
        account_id=str(row.account_id),
        subscription_id=row.source_id,
        product_id=str(row.product_id),
        family=row.product.family,
        plan_rank=row.plan.rank if row.plan else None,
        metered=bool(row.plan and row.plan.price_basis == "metered"),
        started_on=row.started_on,
        ended_on=row.ended_on,
        mrr=row.mrr,
        currency=row.currency,
        seats=None if row.seats is None else Decimal(repr(row.seats)),
        change_reason=row.change_reason,
    )


def read_rates(organization: Organization) -> Rates:
    """The organization's plan rates."""
    by_year = {(rate.fiscal_year, rate.currency): rate.rate for rate in PlanRate.objects.all()}
    return Rates(organization.currency, by_year, organization.fiscal_year_first_month)


def read_ultimate_parents() -> dict[str, str]:
    """{account: its ultimate parent} for accounts that have one, and for the parents themselves."""
    direct = dict(Account.objects.exclude(parent=None).values_list("id", "parent_id"))
    found = {}
    for account_id in {*direct, *direct.values()}:
        top, seen = account_id, {account_id}
        # A circle in the source's data ends where it began.
        while (above := direct.get(top)) is not None and above not in seen:
            seen.add(above)
            top = above
        found[str(account_id)] = str(top)
    return found
