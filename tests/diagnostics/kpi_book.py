"""A small book with a ledger of its own: what the KPI screens show of it can be added up by hand."""

import re
from datetime import date
from decimal import Decimal

from accounts.models import Organization
from diagnostics.kpis.series import write_series
from portfolio.models import Account, Product, Subscription

# The quarter that the tests look at; by LAST_DAY it is closed, and no loss of it may still be a late renewal.
QUARTER, LAST_DAY = "2024-Q2", date(2024, 7, 15)
HERE = f"period={QUARTER}"


def pay(account: Account, *steps: tuple[str, str, str]) -> None:
    """One subscription: (first day, MRR, reason of the change) each; an MRR of '' ends it."""
    product, _ = Product.objects.get_or_create(source_id="core", defaults={"name": "Core", "core": True})
    ends = [date.fromisoformat(day) for day, _mrr, _reason in steps[1:]] + [None]
    for (day, mrr, reason), ended_on in zip(steps, ends, strict=True):
        if mrr:
            Subscription.objects.create(
                source_id=f"{account.source_id}-s",
                account=account,
                product=product,
                started_on=date.fromisoformat(day),
                ended_on=ended_on,
                term_months=12,
                mrr=Decimal(mrr),
                currency="EUR",
                change_reason=reason,
            )


def make_kpi_book(owner: str) -> dict[str, Account]:
    """Four accounts: two of `owner`, one lost and one new in the quarter. Needs an open context.

    Start 21,600, new 2,400, expansion 2,400, contraction −1,200, churn −3,600, end 21,600. NRR 19,200 ÷ 21,600 =
    88.9%, GRR 16,800 ÷ 21,600 = 77.8%.
    """
    made = {
        "halvorsen": Account.objects.create(
            source_id="h", name="Halvorsen <b>Rederi</b>", tier="enterprise", csm_email=owner
        ),
        "kestrel": Account.objects.create(source_id="k", name="Kestrel Logistics", tier="mid_market", csm_email=owner),
        "lost": Account.objects.create(source_id="l", name="Lost Ltd", tier="smb", am_email="marek@acme.example"),
        "newcomer": Account.objects.create(source_id="n", name="Newcomer", tier="smb", am_email="marek@acme.example"),
    }
    pay(made["halvorsen"], ("2023-01-01", "1000", ""), ("2024-05-10", "1200", "upsell"))
    pay(made["kestrel"], ("2023-02-01", "500", ""), ("2024-04-15", "400", ""))
    pay(made["lost"], ("2023-02-01", "300", ""), ("2024-06-01", "", ""))
    pay(made["newcomer"], ("2024-05-20", "200", ""))
    return made


def keep_series(today: date = LAST_DAY) -> None:
    """Compute what the facts say up to a day and keep it. Needs an open context."""
    write_series(Organization.objects.get(), today)


def read_text(page: str) -> str:
    """What stands on a page or a part of it, without tags and in single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def read_rows(page: str) -> list[str]:
    """The rows of the first table of a page, each as `read_text` gives it."""
    table = page.split("<tbody>")[1].split("</table>")[0]
    return [read_text(row) for row in re.findall(r"<tr.*?</tr>", table, re.S)]
