"""The list behind a KPI: its accounts with their shares, and the movements of one of them."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view
from diagnostics.filters import read_number
from diagnostics.kpi_words import (
    MONEY,
    describe_definition,
    name_bys,
    name_group,
    name_kpi,
    name_period,
    part_units,
    write_exactly,
    write_value,
)
from diagnostics.kpis.declarations import find_kpi
from diagnostics.kpis.opening import is_drawn
from diagnostics.kpis.stored import Figure
from diagnostics.labels import OPPORTUNITY_KINDS, name_code
from diagnostics.queries.kpi_groups import read_names
from diagnostics.queries.kpi_lists import AccountLedger, PartList, first_day_of, list_accounts, read_account_ledger
from diagnostics.queries.kpi_outcomes import NamedOutcome, list_named_outcomes
from diagnostics.queries.kpi_scope import KpiScope
from diagnostics.screen_csv import answer_csv
from diagnostics.views.kpi_address import KpiAddress, access_kpi, may_see_person, read_address, require_scope
from portfolio.books import access_account
from portfolio.models import Account

PAGE_ROWS = 100


def is_rounded(amount: Decimal | None, unit: str) -> bool:
    """Whether `write_exactly` leaves something of the amount out."""
    return unit == MONEY and amount is not None and amount != round(amount, 2)


@require_GET
@organization_view("portfolio.view")
def kpi_accounts(request: MemberRequest, kpi: str) -> HttpResponse:
    """The accounts that make up one figure, with the total that equals it."""
    access_kpi(kpi)
    address = read_address(request)
    scope = require_scope(request, address)
    found = _list(request, scope, address, kpi)
    paginator = Paginator(found.rows, PAGE_ROWS)
    page = paginator.page(read_number(request.GET, "page", most=paginator.num_pages))
    top, bottom = part_units(kpi)
    currency = request.organization.currency
    whole = found.total or Figure(Decimal(0), None)
    shown = {
        **describe_figure(request, scope, address, kpi, found.total),
        "page": page,
        "rows": [
            {
                "name": row.name,
                "url": address.url("kpi_movements", kpi, row.account_id),
                "numerator": write_exactly(row.numerator, top, currency, total=whole.numerator),
                "denominator": write_exactly(row.denominator, bottom, currency, total=whole.denominator),
                "value": write_value(kpi, Figure(row.numerator, row.denominator).value, currency),
            }
            for row in page
        ],
        "count": paginator.count,
        "is_drawn": is_drawn(kpi),
        "is_rounded": any(is_rounded(row.numerator, top) or is_rounded(row.denominator, bottom) for row in page),
        "outcomes": _list_outcomes(scope, address) if kpi == "expected_loss" else (),
        "csv_url": address.url("kpi_accounts_csv", kpi),
    }
    if found.total:
        shown["total"] = {
            "numerator": write_exactly(found.total.numerator, top, currency),
            "denominator": write_exactly(found.total.denominator, bottom, currency),
            "value": write_value(kpi, found.total.value, currency),
        }
    return render(request, "diagnostics/kpi_accounts.html", shown)


@require_GET
@organization_view("portfolio.view")
def kpi_accounts_csv(request: MemberRequest, kpi: str) -> HttpResponse:
    """The same list whole, amounts to the cent and beyond, as a file for a spreadsheet."""
    access_kpi(kpi)
    address = read_address(request)
    scope = require_scope(request, address)
    found = _list(request, scope, address, kpi)
    rows: list[list[Any]] = [[row.source_id, row.name, row.numerator, row.denominator] for row in found.rows]
    if found.total:
        rows.append(["", _("Total"), found.total.numerator, found.total.denominator])
    name = f"{kpi.replace(':', '-')}-{request.organization.slug}-{scope.period.label}"
    return answer_csv(name, ["account_id", "account", "numerator", "denominator"], rows)


@require_GET
@organization_view("portfolio.view")
def kpi_movements(request: MemberRequest, kpi: str, account_id: UUID) -> HttpResponse:
    """One account's ARR through the period: what it paid, every movement, what it pays."""
    address, account, scope, first, ledger = _open_ledger(request, kpi, account_id)
    currency = request.organization.currency

    def write(rows: Any) -> list[dict[str, Any]]:
        return [
            {
                "day": row.day,
                "kind": name_kpi(f"arr_{row.kind}"),
                "lever": name_code(OPPORTUNITY_KINDS, row.lever) if row.lever else "",
                "amount": write_exactly(row.amount, "money", currency, signed=True),
                "tone": "up" if row.amount > 0 else "down",
                "level": write_exactly(row.level, "money", currency),
            }
            for row in rows
        ]

    part = None if is_drawn(kpi) else _list(request, scope, address, kpi).find(account.pk)
    top, bottom = part_units(kpi)
    shown = {
        **describe_figure(request, scope, address, kpi, None),
        "account": account,
        # As its line of the list says: what is no movement of ARR is explained by nothing below.
        "part": part and write_exactly(part.numerator, top, currency),
        "part_of": part and part.denominator is not None and write_exactly(part.denominator, bottom, currency),
        "first": first,
        "is_longer": first < scope.period.first,
        "last": min(scope.period.last, scope.today),
        "start": write_exactly(ledger.start, "money", currency),
        "end": write_exactly(ledger.end, "money", currency),
        "inside": write(ledger.inside),
        "others": write(ledger.others),
        "list_url": address.url("kpi_accounts", kpi),
        "csv_url": address.url("kpi_movements_csv", kpi, account.pk),
    }
    return render(request, "diagnostics/kpi_movements.html", shown)


@require_GET
@organization_view("portfolio.view")
def kpi_movements_csv(request: MemberRequest, kpi: str, account_id: UUID) -> HttpResponse:
    """The account's movements of the period as a file: the start, what moved, the end."""
    _address, account, scope, first, ledger = _open_ledger(request, kpi, account_id)
    rows: list[list[Any]] = [[first, "start", "", None, ledger.start]]
    rows += [[row.day, row.kind, row.lever, row.amount, row.level] for row in ledger.inside]
    rows.append([min(scope.period.last, scope.today), "end", "", None, ledger.end])
    name = f"movements-{request.organization.slug}-{account.pk}-{scope.period.label}"
    return answer_csv(name, ["day", "kind", "lever", "amount", "arr"], rows)


def describe_figure(
    request: MemberRequest, scope: KpiScope, address: KpiAddress, kpi: str, figure: Figure | None
) -> dict[str, Any]:
    """Which figure it is, of whom and when, and its definition."""
    group = ""
    if address.group:
        names = read_names(request.membership, address.by, [address.group])
        group = f"{name_bys()[address.by]}: {name_group(address.by, address.group, names)}"
    return {
        "kpi": kpi,
        "label": name_kpi(kpi),
        "is_ratio": figure is not None and figure.denominator is not None,
        "is_movement": find_kpi(kpi)[0].part == "movements",
        "group": group,
        "scope": scope,
        "period_name": name_period(scope.period),
        "is_running": scope.is_running,
        "today": scope.today,
        "back_url": address.url(group=""),
        "note": describe_definition(kpi, figure, request.organization),
    }


def _list_outcomes(scope: KpiScope, address: KpiAddress) -> list[NamedOutcome]:
    return list_named_outcomes(scope, by=address.by if address.group else None, group=address.group)


def _list(request: MemberRequest, scope: KpiScope, address: KpiAddress, kpi: str) -> PartList:
    if not address.group:
        return list_accounts(scope, kpi)
    if address.by == "owner" and not may_see_person(request, address.group):
        raise Http404
    return list_accounts(scope, kpi, by=address.by, group=address.group)


def _open_ledger(
    request: MemberRequest, kpi: str, account_id: UUID
) -> tuple[KpiAddress, Account, KpiScope, date, AccountLedger]:
    """What both forms of an account's movements begin with; Http404 for a KPI or account that is not to be seen."""
    access_kpi(kpi)
    address = read_address(request)
    account = access_account(request.membership, account_id)
    scope = require_scope(request, address)
    first = first_day_of(scope, kpi)
    return address, account, scope, first, read_account_ledger(scope, account, first=first)
