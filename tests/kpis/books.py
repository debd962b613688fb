"""Real portfolios for the KPIs: subscriptions of an organization, and the figures that come out."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from accounts.models import Organization
from diagnostics.kpis.calendar import Every, list_periods
from diagnostics.kpis.compute import Portfolio, compute_figures
from diagnostics.kpis.exporting import divide
from diagnostics.kpis.groups import By
from portfolio.models import Account, Product, Subscription

TODAY = date(2026, 11, 27)


def make_account(name: str, **fields: object) -> Account:
    """An account of the open organization."""
    return Account.objects.create(source_id=name, name=name, **fields)


def make_product(name: str = "core") -> Product:
    """A product; the same name gives the same one."""
    return Product.objects.get_or_create(source_id=name, defaults={"name": name})[0]


def subscribe(
    account: Account, mrr: object, start: str, end: str | None = None, *, name: str = "", product: str = "core", **more
) -> Subscription:
    """One period of a subscription, in the organization's currency."""
    return Subscription.objects.create(
        source_id=f"{account.source_id}-{name or product}",
        account=account,
        product=make_product(product),
        started_on=date.fromisoformat(start),
        ended_on=date.fromisoformat(end) if end else None,
        mrr=Decimal(str(mrr)),
        currency="EUR",
        **more,
    )


def read(first: str, last: str, every: Every = "quarter", by: By | None = None, today: date = TODAY):
    """{(period, group, kpi): (numerator, denominator)}."""
    organization = Organization.objects.get()
    periods = list_periods(
        date.fromisoformat(first), date.fromisoformat(last), every, first_month=organization.fiscal_year_first_month
    )
    figures = compute_figures(Portfolio.of(organization, periods, today), by)
    return {(p, g, k): (top, bottom) for p, g, k, top, bottom in figures.rows()}


def show(figure: tuple[Decimal, Decimal | None], places: str = "1", factor: int = 1) -> Decimal | None:
    """The value as it is printed: times `factor`, rounded half up."""
    value = divide(*figure)
    return None if value is None else (value * factor).quantize(Decimal(places), ROUND_HALF_UP)
