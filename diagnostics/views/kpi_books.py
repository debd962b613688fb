"""Books and their outcome: who carries how much against the tier's ratio, and what each book renewed, kept and grew."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models.organizations import Visibility
from accounts.web import MemberRequest, organization_view
from diagnostics.kpi_targets import Targets, read_targets
from diagnostics.kpi_words import name_group, write_exactly, write_value
from diagnostics.kpis.books import outcome_of
from diagnostics.kpis.groups import NONE
from diagnostics.kpis.stored import GroupPeriod
from diagnostics.queries.kpi_books import Book, read_books
from diagnostics.queries.kpi_groups import may_see_book_of, read_names
from diagnostics.queries.kpi_scope import Kept, KpiScope, find_kept
from diagnostics.queries.kpi_series import read_kpis
from diagnostics.screen_csv import answer_csv
from diagnostics.views.kpi_address import KpiAddress, open_kpi_scope, read_address
from diagnostics.views.kpis import describe_switches
from portfolio.models import Account

OUTCOME = ("renewal_rate", "nrr", "expansion_revenue")
FULL = 1.0


@require_GET
@organization_view("portfolio.view")
def kpi_books(request: MemberRequest) -> HttpResponse:
    """The page: one's own book always, those of others as far as the member and the organization's switch allow."""
    address = read_address(request)
    kept = find_kept(address.every)
    if kept is None:
        return render(request, "diagnostics/kpi_books.html", {"has_accounts": Account.objects.exists()})
    scope = open_kpi_scope(request, address, kept)
    books = [book for book in read_books(request.organization) if may_see_book_of(request.membership, book.owner)]
    groups, targets = _read_outcomes(request, scope, kept)
    owners = {book.owner for book in books} | {group.group for group in groups}
    names = read_names(request.membership, "owner", sorted(owners))
    shown = {
        **describe_switches(request, address, scope, kept, screen="kpi_books"),
        "books": [],
        "loads": [_describe_load(book, names) | {"desks": _list_desks(request, book)} for book in books],
        "outcomes": [_describe_outcome(request, group, address, names, targets) for group in groups],
        "share": request.organization.expansion_share,
        "is_alone": not request.organization.figures_per_person,
        "csv_url": address.url("kpi_books_csv"),
    }
    return render(request, "diagnostics/kpi_books.html", shown)


@require_GET
@organization_view("portfolio.view")
def kpi_books_csv(request: MemberRequest) -> HttpResponse:
    """The outcome of each book that the member may see."""
    address = read_address(request)
    kept = find_kept(address.every)
    rows: list[list[Any]] = []
    further = [] if _rate_of(request) is None else ["expansion_closed_x_rate"]
    if kept is not None:
        groups, _targets = _read_outcomes(request, open_kpi_scope(request, address, kept), kept)
        rows = [
            [
                group.period,
                group.group,
                group.accounts,
                *(group.value(name) for name in OUTCOME),
                *([_find_variable(request, group)] if further else ()),
            ]
            for group in groups
        ]
    return answer_csv(f"books-{request.organization.slug}", ["period", "owner", "accounts", *OUTCOME, *further], rows)


def _read_outcomes(request: MemberRequest, scope: KpiScope, kept: Kept) -> tuple[list[GroupPeriod], Targets]:
    """The owners' books of the period, by name: never a ranking."""
    series = read_kpis(scope, kept, "owner")
    owners = [group for group in series.groups.get("owner", ()) if group.group != NONE]
    groups = [group for group in owners if may_see_book_of(request.membership, group.group)]
    return groups, read_targets(series.periods, "owner")


def _describe_load(book: Book, names: dict[str, str]) -> dict[str, Any]:
    return {
        "owner": names.get(book.owner, book.owner),
        "role": _("CSM") if book.role == "csm" else _("Account Manager"),
        "accounts": book.accounts,
        "arr": book.arr,
        "load": book.load,
        "is_full": book.load > FULL,
        "tiers": [
            {
                "name": name_group("tier", tier.tier or NONE, {}),
                "accounts": tier.accounts,
                "arr": tier.arr,
                "ratio": _write_ratio(tier.least, tier.most),
            }
            for tier in book.tiers
        ],
    }


def _list_desks(request: MemberRequest, book: Book) -> list[dict[str, str]]:
    """Where the accounts of a book stand today, whichever role carries it: a CSM's under an Account Manager as well."""
    query = urlencode({"book": Visibility.ALL.value, "owner": book.owner})
    desks = {"accounts": _("Accounts"), "renewals": _("Renewals"), "expansion": _("Expansion")}
    slug = request.organization.slug
    return [{"label": label, "url": f"{reverse(name, args=[slug])}?{query}"} for name, label in desks.items()]


def _write_ratio(least: int | None, most: int | None) -> str:
    if least is None:
        return ""
    return _("1:%(least)s and more") % {"least": least} if most is None else f"1:{least}–{most}"


def _describe_outcome(
    request: MemberRequest, group: GroupPeriod, address: KpiAddress, names: dict[str, str], targets: Targets
) -> dict[str, Any]:
    def cell(name: str) -> dict[str, Any]:
        figure = group.figures.get(name)
        target: Decimal | None = targets.find(name, group.period, "owner", group.group)
        return {
            "text": write_value(name, figure.value, request.organization.currency) if figure else "",
            "url": address.url("kpi_accounts", name, by="owner", group=group.group) if figure else "",
            "target": "" if target is None else write_value(name, target, request.organization.currency),
        }

    return {
        "owner": names.get(group.group, group.group),
        "accounts": group.accounts,
        "is_small": group.is_small,
        "cells": [cell(name) for name in OUTCOME],
        "variable": _write_variable(request, group),
    }


def _rate_of(request: MemberRequest) -> Decimal | None:
    """What one unit of expansion closed counts on the line of its own; None while it is off."""
    share = request.organization.expansion_share
    return None if share is None else share / 100


def _find_variable(request: MemberRequest, group: GroupPeriod) -> Decimal | None:
    figures = {name: (figure.numerator, figure.denominator) for name, figure in group.figures.items()}
    return outcome_of(group.group, figures, rate=_rate_of(request)).variable


def _write_variable(request: MemberRequest, group: GroupPeriod) -> str:
    variable = _find_variable(request, group)
    return "" if variable is None else write_exactly(variable, "money", request.organization.currency)
