"""The tables of the KPI screen: one row per group that adds up to the whole, and the cohort map."""

from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.formats import format_money_compact, format_number
from accounts.models import Organization
from accounts.web import MemberRequest
from diagnostics.kpi_targets import Targets
from diagnostics.kpi_words import name_bys, name_group, name_kpi, name_label, write_value
from diagnostics.kpis.balances import END, START
from diagnostics.kpis.groups import NONE, By
from diagnostics.kpis.stored import GroupPeriod
from diagnostics.queries.kpi_cohorts import Cell, CohortMap
from diagnostics.queries.kpi_groups import read_names
from diagnostics.queries.kpi_series import MOST_PARENTS, KpiSeries
from diagnostics.views.kpi_address import KpiAddress, may_see_person
from portfolio.models import Account

NEW, EXPANSION = ("arr_new", "arr_reactivation", "arr_transfer", "arr_fx"), ("arr_expansion",)
LOST = ("arr_contraction", "arr_churn")
RATES = ("nrr", "grr")
AT_RISK = "value_at_risk"
# Groups beyond these have their own list.
MOST_GROUPS = MOST_PARENTS
# The shades of the map: below each end, in points of the start.
SHADES = ((Decimal("0.9"), "heat-2"), (Decimal(1), "heat-1"), (Decimal("1.02"), "heat0"), (Decimal("1.1"), "heat1"))
DARKEST = "heat2"


def describe_groups(
    request: MemberRequest, series: KpiSeries, address: KpiAddress, by: By, targets: Targets
) -> dict[str, Any]:
    """The groups of the period, largest first, with the total row; others' books only where persons are shown."""
    groups = sorted(
        series.groups.get(by, ()), key=lambda group: (group.group == NONE, -_amount(group, END), group.group)
    )
    if by in ("value_segment", "tier", "cohort"):
        groups.sort(key=lambda group: (group.group == NONE, _rank(by, group.group)))
    groups = [group for group in groups if _amount(group, START) or _amount(group, END) or group.accounts]
    shown = [group for group in groups if by != "owner" or may_see_person(request, group.group)]
    names = read_names(request.membership, by, [group.group for group in shown[:MOST_GROUPS]])
    rows = [
        _describe_group(series, group, address, by, targets) | {"label": name_group(by, group.group, names)}
        for group in shown[:MOST_GROUPS]
    ]
    return {
        "by": by,
        "title": name_bys()[by],
        "rows": rows,
        "total": _describe_group(series, series.now, address, "", targets) if series.now else None,
        "hidden": len(groups) - len(shown),
        "more": max(0, len(shown) - MOST_GROUPS) + series.unlisted.get(by, 0),
    }


def _rank(by: str, group: str) -> tuple[int, str]:
    tiers = list(Account.Tier.values)
    return (tiers.index(group) if by == "tier" and group in tiers else 0, group)


def _describe_group(
    series: KpiSeries, group: GroupPeriod, address: KpiAddress, by: str, targets: Targets
) -> dict[str, Any]:
    def cell(names: tuple[str, ...], tone: str = "") -> dict[str, Any]:
        amount = sum((_amount(group, name) for name in names), Decimal(0))
        shown = format_money_compact(
            amount, series.scope.organization.currency, language=get_language() or "en", signed=bool(tone)
        )
        named = names[0] if len(names) == 1 else ""
        return {"text": shown, "tone": tone if amount else "", "url": url(named) if named and amount else ""}

    def url(name: str) -> str:
        return address.url("kpi_accounts", name, by=by or "tier", group=group.group)

    rates = [
        {
            "text": write_value(name, group.value(name), series.scope.organization.currency),
            "url": url(name) if name in group.figures else "",
            "target": _write_target(targets.find(name, group.period, by, group.group), name, series),
        }
        for name in RATES
    ]
    return {
        "key": group.group,
        "accounts": format_number(group.accounts, language=get_language() or "en"),
        "is_small": group.is_small,
        "cells": [
            cell((START,)),
            cell(NEW, "quiet"),
            cell(EXPANSION, "up"),
            cell(LOST, "down"),
            cell((END,)),
        ],
        "rates": rates,
        "at_risk": cell((AT_RISK,)) if AT_RISK in group.figures else None,
    }


def _write_target(target: Decimal | None, name: str, series: KpiSeries) -> str:
    return "" if target is None else write_value(name, target, series.scope.organization.currency)


def _amount(group: GroupPeriod, name: str) -> Decimal:
    figure = group.figures.get(name)
    return figure.numerator if figure else Decimal(0)


def describe_map(cohorts: CohortMap, address: KpiAddress, organization: Organization) -> dict[str, Any]:
    """The cohort map as rows of cells that print their value; the last cell of a cohort is what it is now."""
    rows = [
        {
            "label": name_label(cohort.label),
            "accounts": cohort.accounts,
            "is_small": cohort.is_small,
            "start": format_money_compact(cohort.start, organization.currency, language=get_language() or "en"),
            "cells": [
                _describe_cell(cohorts.measure, cohort.label, cell, address, organization, is_last=cell is cohort.last)
                for cell in cohort.cells
            ],
        }
        for cohort in cohorts.cohorts
    ]
    return {
        "name": name_kpi(cohorts.measure),
        "measure": cohorts.measure,
        "months": cohorts.months,
        "rows": rows,
        "average": [_write_cell(cohorts.measure, value, organization) for value in cohorts.average],
    }


def _describe_cell(
    measure: str, cohort: str, cell: Cell | None, address: KpiAddress, organization: Organization, *, is_last: bool
) -> dict[str, Any] | None:
    if cell is None:
        return None
    url = address.url(
        "kpi_accounts", f"{measure}:m{cell.month}", every="quarter", period=cell.period, by="cohort", group=cohort
    )
    return {
        "text": _write_cell(measure, cell.value, organization),
        "label": _("%(cohort)s, month %(month)s") % {"cohort": name_label(cohort), "month": cell.month},
        "shade": "heat0" if measure == "arpa" or cell.value is None else shade(cell.value),
        "url": url,
        "is_last": is_last,
    }


def _write_cell(measure: str, value: Decimal | None, organization: Organization) -> str:
    """A cell's value without its unit sign: 107 of a hundred, or money."""
    if value is None:
        return _("n/a")
    language = get_language() or "en"
    if measure == "arpa":
        return format_money_compact(value, organization.currency, language=language)
    return format_number(value * 100, language=language)


def shade(value: Decimal) -> str:
    """The class of a cell: it diverges at the start."""
    return next((name for end, name in SHADES if value < end), DARKEST)
