"""Targets: what each KPI should reach, per period, for the whole portfolio or one group."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.web import MemberRequest, organization_view
from diagnostics import kpi_targets as acts
from diagnostics.kpi_words import name_bys, name_group, name_kpi, name_label, name_period, unit_of, write_value
from diagnostics.kpis.calendar import Every, Period, list_periods, period_of
from diagnostics.kpis.declarations import KPIS, Unit
from diagnostics.kpis.groups import BYS
from diagnostics.queries.kpi_groups import list_owners, read_names, visible_targets
from portfolio.changes import ChangeGone, ChangeRefused, local_day
from portfolio.models import Account, Target
from portfolio.terms import add_months

AHEAD_MONTHS, BACK_MONTHS = 12, 12
WHOLE = ":"
HUNDRED = Decimal(100)
MOST_SHOWN = 500


@require_GET
@organization_view("portfolio.view")
def kpi_targets(request: MemberRequest) -> HttpResponse:
    """The targets that stand, newest period first, and the form that sets one."""
    targets = visible_targets(request.membership).order_by("-period", "kpi", "group_by", "group")[:MOST_SHOWN]
    names = {
        by: read_names(request.membership, by, [target.group for target in targets if target.group_by == by])
        for by in ("owner", "parent")
    }
    shown = {
        "targets": [_describe(request, target, names.get(target.group_by, {})) for target in targets],
        "kpis": [(name, name_kpi(name)) for name in KPIS],
        "periods": [
            (period.label, name_period(period))
            for every in ("quarter", "month")
            for period in list_offered(request, every)  # type: ignore[arg-type]  # both are kinds of period
        ],
        "groups": list_groups(request),
        "currency": request.organization.currency,
        "this_quarter": period_of(
            local_day(request.organization), "quarter", first_month=request.organization.fiscal_year_first_month
        ).label,
    }
    return render(request, "diagnostics/kpi_targets.html", shown)


@require_POST
@organization_view("targets.change")
def set_kpi_target(request: MemberRequest) -> HttpResponse:
    """Set or change one target; an empty value removes it."""
    kpi, period = request.POST.get("kpi", ""), request.POST.get("period", "")
    group_by, _colon, group = request.POST.get("group", WHOLE).replace("\0", "").partition(":")
    try:
        entry, target = acts.set_target(
            membership=request.membership,
            kpi=kpi,
            period=_read_period(period),
            group_by=group_by,
            group=group[:254],
            value=_read_value(kpi, request.POST.get("value", "")),
        )
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("kpi_targets", request.organization.slug)
    undo = ""
    if acts.can_undo(entry):
        undo = reverse("undo_kpi_target", args=[request.organization.slug, entry.pk])
    told = {"kpi": name_kpi(kpi), "period": name_label(period)}
    sentence = _("%(kpi)s, %(period)s: target removed.") if target is None else _("%(kpi)s, %(period)s: target set.")
    messages.success(request, sentence % told, extra_tags=undo)
    return redirect("kpi_targets", request.organization.slug)


@require_POST
@organization_view("targets.change")
def undo_kpi_target(request: MemberRequest, change_id: UUID) -> HttpResponse:
    """Take back one's own change of a target."""
    try:
        acts.undo_target(membership=request.membership, change_id=change_id)
        messages.success(request, _("The target is as it was."))
    except ChangeGone:
        messages.error(request, _("There is nothing left to take back here."))
    return redirect("kpi_targets", request.organization.slug)


def list_offered(request: MemberRequest, every: Every) -> list[Period]:
    """The periods of a year to both sides of today."""
    today, month = local_day(request.organization), request.organization.fiscal_year_first_month
    first, last = add_months(today, -BACK_MONTHS), add_months(today, AHEAD_MONTHS)
    return list_periods(first, last, every, first_month=month)


def list_groups(request: MemberRequest) -> list[tuple[str, list[tuple[str, str]]]]:
    """The groups a target can be set for: segments, tiers, and the owners of today's books in sight."""
    emails = list_owners(request.membership)
    names, titles = read_names(request.membership, "owner", emails), name_bys()
    return [
        (titles["value_segment"], [(f"value_segment:{x}", name_group("value_segment", x, {})) for x in "ABC"]),
        (titles["tier"], [(f"tier:{tier.value}", str(tier.label)) for tier in Account.Tier if tier.value]),
        (titles["owner"], [(f"owner:{email}", names.get(email, email)) for email in emails]),
    ]


def _describe(request: MemberRequest, target: Target, names: dict[str, str]) -> dict[str, Any]:
    try:
        label, value = name_kpi(target.kpi), write_value(target.kpi, target.value, request.organization.currency)
    except KeyError:
        # Imported under a name that no KPI has: shown as it came, so that it can be removed.
        label, value = target.kpi, f"{target.value:f}"
    by = target.group_by
    known = by in BYS
    shown = {"label": name_bys()[by], "name": name_group(by, target.group, names)} if known else {}  # type: ignore[index]  # known
    return {
        "kpi": target.kpi,
        "label": label,
        "period": target.period,
        "period_name": name_label(target.period),
        "group": f"{by}:{target.group}",
        "group_name": _("%(label)s: %(name)s") % shown if known else "",
        "value": value,
    }


def _read_period(label: str) -> str:
    """A label of a month or a fiscal quarter; raises ChangeRefused for anything else."""
    year, _dash, rest = label.partition("-")
    is_year = len(year) == 4 and year.isascii() and year.isdigit() and year >= "1900"
    months = {f"{month:02}" for month in range(1, 13)}
    if not is_year or rest not in months | {"Q1", "Q2", "Q3", "Q4"}:
        raise ChangeRefused(_("Choose a month or a quarter."))
    return label


def _read_value(kpi: str, text: str) -> Decimal | None:
    """A posted target in the KPI's unit, ratios in per cent; None for nothing; raises ChangeRefused for no number."""
    digits = "".join(text.split()).rstrip("%").replace(",", ".")
    if not digits:
        return None
    try:
        value = Decimal(digits)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or len(digits) > 20:
        raise ChangeRefused(_("Write the target in digits, as 108 or 400000."))
    is_percent = kpi.partition(":")[0] in KPIS and unit_of(kpi) == Unit.RATIO and kpi != "quick_ratio"
    return value / HUNDRED if is_percent else value
