"""Plan rates: what is missing and what it holds up, and the rates that stand, each to be entered and changed."""

import re
import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import AuditEntry
from accounts.web import MemberRequest, organization_view
from portfolio import plan_rates as acts
from portfolio.changes import ChangeGone, ChangeRefused, local_day
from portfolio.queries.plan_rates import list_rates

MOST_DIGITS = 24
PLAIN = re.compile(r"[0-9]+([.,][0-9]+)?")
THOUSANDS = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}")


@require_http_methods(["GET", "POST"])
@organization_view("organization.change")
def plan_rates(request: MemberRequest) -> HttpResponse:
    """The page, and the form of every line: a rate entered or changed."""
    if request.method == "GET":
        return show_rates(request)
    given = {name: request.POST.get(name, "").replace("\0", "").strip() for name in ("fiscal_year", "currency", "rate")}
    given["currency"] = given["currency"].upper()
    try:
        entry = acts.set_rate(
            actor=request.membership,
            fiscal_year=_read_year(given["fiscal_year"]),
            currency=given["currency"],
            rate=_read_rate(given["rate"]),
        )
    except ChangeRefused as refusal:
        return show_rates(request, given=given, fault=str(refusal))
    sentence = _("%(currency)s, fiscal year %(year)s: the rate is %(rate)s.")
    told = {"currency": given["currency"], "year": given["fiscal_year"], "rate": entry.details["after"]}
    return _say(request, sentence % told, entry)


@require_POST
@organization_view("organization.change")
def plan_rate_remove(request: MemberRequest, rate_id: uuid.UUID) -> HttpResponse:
    """Take out a rate that was entered by hand."""
    try:
        entry = acts.remove_rate(actor=request.membership, rate_id=rate_id)
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("plan_rates", request.organization.slug)
    sentence = _("%(currency)s, fiscal year %(year)s: the rate is removed.")
    told = {"currency": entry.details["currency"], "year": entry.details["fiscal_year"]}
    return _say(request, sentence % told, entry)


@require_POST
@organization_view("organization.change")
def plan_rate_undo(request: MemberRequest, change_id: uuid.UUID) -> HttpResponse:
    """Take back one's own change of the last day."""
    try:
        acts.undo_rate(actor=request.membership, change_id=change_id)
        messages.success(request, _("The rate is as it was."))
    except ChangeGone:
        messages.error(request, _("There is nothing left to take back here."))
    return redirect("plan_rates", request.organization.slug)


def show_rates(request: MemberRequest, *, given: dict[str, str] | None = None, fault: str = "") -> HttpResponse:
    """The page; 422 with what was written where it was refused."""
    today = local_day(request.organization)
    lines = list_rates(request.organization, today)
    context: dict[str, Any] = {
        "lines": lines,
        "missing": [line for line in lines if line.is_missing],
        "given": given or {"fiscal_year": str(_year_of(request, today))},
        "fault": fault,
    }
    return render(request, "portfolio/plan_rates.html", context, status=422 if fault else 200)


def _year_of(request: MemberRequest, day: date) -> int:
    return day.year if day.month >= request.organization.fiscal_year_first_month else day.year - 1


def _say(request: MemberRequest, sentence: str, entry: AuditEntry) -> HttpResponse:
    undo = reverse("plan_rate_undo", args=[request.organization.slug, entry.pk])
    messages.success(request, sentence, extra_tags=undo)
    return redirect("plan_rates", request.organization.slug)


def _read_year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise ChangeRefused(_("Write the fiscal year with four digits, as 2026."))
    return int(text)


def _read_rate(text: str) -> Decimal:
    """A posted rate: digits with one dot or comma at most; never through a float. Raises ChangeRefused.

    Three digits behind a comma are decimals to some and thousands to others: that is not guessed.
    """
    if len(text) > MOST_DIGITS or not PLAIN.fullmatch(text):
        raise ChangeRefused(_("Write the rate in digits, as 0.0885."))
    if THOUSANDS.fullmatch(text):
        raise ChangeRefused(
            _("%(written)s can mean two rates. Write %(small)s, with a dot, or %(large)s.")
            % {"written": text, "small": text.replace(",", "."), "large": text.replace(",", "")}
        )
    return Decimal(text.replace(",", "."))
