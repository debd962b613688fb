"""Track record: was it right, better than a simple rule, how early, by which signals? Or: nothing stands."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.permissions import is_allowed
from accounts.web import MemberRequest, organization_view
from diagnostics import studies
from diagnostics.acts import local_day
from diagnostics.backtest import LIST_SHARE, Backtest
from diagnostics.calibration import LEAST_ACCOUNTS
from diagnostics.charts.track_record import draw_recalls, draw_reliability, draw_warnings
from diagnostics.engine.signals import BY_NAME
from diagnostics.model_versions import read_model_in_force
from diagnostics.models import Study
from diagnostics.queries.dismissals import read_verdicts
from diagnostics.queries.proposed_marks import list_proposed_marks
from diagnostics.screen_csv import answer_csv
from diagnostics.study_results import read_backtest, read_calibration
from diagnostics.track_record import (
    FEW_LOSSES,
    by_chance,
    find_best_rule,
    list_signals,
    name_rule,
    share_warnings,
    write_lines,
)
from diagnostics.views.posted import read_whole
from portfolio.books import visible_accounts, widest_book

TEMPLATE = "diagnostics/track_record.html"
MISSED_SHOWN = 10
RESULTS = (Study.State.DONE, Study.State.TOO_LITTLE)


@require_GET
@organization_view("portfolio.view")
def track_record(request: MemberRequest) -> HttpResponse:
    """The stored record; htmx asks for how the one that is being made stands."""
    running = describe_running(request)
    if request.htmx and not request.htmx.boosted:
        if running["open"]:
            return render(request, f"{TEMPLATE}#running", running)
        # What was waited for is there: the page is shown anew.
        response = render(request, f"{TEMPLATE}#running", running)
        response["HX-Refresh"] = "true"
        return trigger_client_event(response, "announce", {"value": _("The result is there.")})
    return render(request, TEMPLATE, running | describe_record(request) | describe_calibration(request))


def describe_running(request: MemberRequest) -> dict[str, Any]:
    """The studies on their way, and whether the reader may ask for one."""
    newest = [studies.latest_study(kind) for kind in Study.Kind]
    return {
        "open": [study for study in newest if study and study.is_open],
        "broken": [
            study
            for study in newest
            if study and not study.is_open and study.state not in (Study.State.DONE, Study.State.TOO_LITTLE)
        ],
        "may_ask": is_allowed("diagnosis.run", request.membership) and request.organization.is_writable,
    }


def describe_record(request: MemberRequest) -> dict[str, Any]:
    """The last track record in figures and drawings; what is missing where there is none."""
    today = local_day(request.organization)
    shown: dict[str, Any] = {"today": today, "record": None}
    study = studies.latest_study(Study.Kind.TRACK_RECORD, *RESULTS)
    found = read_backtest(study.result) if study else None
    if study is None or found is None:
        return shown | {"reach": studies.find_reach(request.organization, today), "study": study}
    model, fitted = read_model_in_force(request.organization)
    sees_all = widest_book(request.membership) == "all"
    return shown | {
        "study": study,
        "record": found,
        "last_night": found.nights[-1],
        "is_reliable": found.churn.reliable,
        "nothing_stands": not found.churn.reliable and not found.health.reliable,
        "ours": found.lists[0],
        "listed": max(1, round(found.lists[0].listed / len(found.nights))),
        "list_share": LIST_SHARE,
        "best": find_best_rule(found),
        "best_name": name_rule(find_best_rule(found)),
        "gap": abs(found.mean_forecast - found.rate) * 100,
        "few_losses": found.churned < FEW_LOSSES,
        "sees_all": sees_all,
        "fitted": fitted,
        "signals": list_signals(found, model, read_verdicts(today), french=_is_french()),
        "missed": list_missed(request, found),
        **draw(found),
    }


def draw(found: Backtest) -> dict[str, Any]:
    """The three drawings with the words beside their marks."""
    chance = by_chance()
    recalls = draw_recalls([*(one.recall for one in found.lists), chance])
    names = [*(name_rule(one) for one in found.lists), _("By chance")]
    warnings = share_warnings(found)
    return {
        "recalls": recalls,
        "recall_rows": list(zip(names, recalls.bars, strict=True)),
        "list_rows": [(name_rule(one), one) for one in found.lists],
        "curve": draw_reliability(found.reliability),
        "warnings": warnings,
        "warning_columns": list(zip(warnings, draw_warnings([share for _l, share, _a, _n in warnings]), strict=True)),
    }


def list_missed(request: MemberRequest, found: Backtest) -> list[dict[str, Any]]:
    """The largest losses without a warning among the accounts that the reader may see."""
    missed = [loss for loss in found.losses if loss.lead_days is None]
    names = dict(
        visible_accounts(request.membership)
        .filter(pk__in=[loss.account_id for loss in missed])
        .values_list("pk", "name")
    )
    seen = [loss for loss in missed if UUID(loss.account_id) in names][:MISSED_SHOWN]
    return [{"id": UUID(loss.account_id), "name": names[UUID(loss.account_id)], "loss": loss} for loss in seen]


def describe_calibration(request: MemberRequest) -> dict[str, Any]:
    """The last calibration, for those who may ask for one."""
    if not is_allowed("diagnosis.run", request.membership):
        return {}
    study = studies.latest_study(Study.Kind.CALIBRATION, *RESULTS)
    found = read_calibration(study.result) if study else None
    labels = {name: signal.label[_is_french()] for name, signal in BY_NAME.items()}
    return {
        "calibration_study": study,
        "calibration": found,
        "may_publish": is_allowed("model.change", request.membership) and request.organization.is_writable,
        "in_force": studies.number_in_force() if found and found.changed else 0,
        "moved": [(labels.get(name, name), before, after) for name, before, after in found.moved] if found else [],
        "last_learned": found.nights[-1] if found else None,
        "proposed": list_proposed_marks(found.telling) if found and found.telling is not None else None,
        "least_accounts": LEAST_ACCOUNTS,
        "last_day": local_day(request.organization) - timedelta(days=1),
    }


@require_GET
@organization_view("portfolio.view")
def track_record_csv(request: MemberRequest) -> HttpResponse:
    """What the page shows as a file for a spreadsheet; 404 while there is no record."""
    study = studies.latest_study(Study.Kind.TRACK_RECORD, *RESULTS)
    found = read_backtest(study.result) if study else None
    if study is None or found is None:
        raise Http404
    model, _fitted = read_model_in_force(request.organization)
    rows = list_signals(found, model, read_verdicts(local_day(request.organization)), french=_is_french())
    lines = write_lines(found, rows, with_amounts=widest_book(request.membership) == "all")
    header = [_("Part"), _("Item"), _("Measure"), _("Value"), _("Interval from"), _("Interval to")]
    name = f"track-record-{request.organization.slug}-{study.as_of}"
    return answer_csv(name, header, lines)


@require_POST
@organization_view("diagnosis.run")
def judge_nights(request: MemberRequest) -> HttpResponse:
    """Ask for the track record by what is known today."""
    studies.request_study(membership=request.membership, kind=Study.Kind.TRACK_RECORD)
    return redirect("track_record", request.organization.slug)


@require_POST
@organization_view("diagnosis.run")
def calibrate(request: MemberRequest) -> HttpResponse:
    """Ask for a calibration by what was known on a day."""
    try:
        as_of = date.fromisoformat(request.POST.get("as_of", ""))
        studies.request_study(membership=request.membership, kind=Study.Kind.CALIBRATION, as_of=as_of)
    except ValueError:
        messages.error(request, _("Choose a day that has ended: what was known by then is learned from."))
    return redirect("track_record", request.organization.slug)


@require_POST
@organization_view("model.change")
def publish(request: MemberRequest, study_id: UUID) -> HttpResponse:
    """Put a calibration's model in force from the next night."""
    study = studies.access_calibration(study_id)
    try:
        seen = read_whole(request, "number")
        number = studies.publish_calibration(actor=request.membership, study=study, number=seen)
    except studies.NotPossible:
        messages.error(request, _("This calibration replaced nothing of the default: there is nothing to publish."))
    except studies.Overtaken:
        messages.error(request, _("Another version was published meanwhile. Nothing was changed."))
    else:
        said = _("Version %(number)s is in force from the next night.") % {"number": number}
        messages.success(request, said)
    return redirect("track_record", request.organization.slug)


def _is_french() -> bool:
    return (get_language() or "en").startswith("fr")
