"""Renewals: what is decided when, how much of it is at risk, already lost, likely lost, and what nobody has started."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEntry
from accounts.templatetags.phano_display import day, money_compact
from accounts.web import MemberRequest, organization_view
from diagnostics.acts import local_day
from diagnostics.charts.weeks import draw_weeks, place_interval
from diagnostics.filter_menus import MenuWriter
from diagnostics.filters import AccountFilters, BadFilter, read_choice, read_filters, read_number
from diagnostics.forecasts import FORECASTS, Term, find_term, forecast_renewal
from diagnostics.queries.accounts import MOST_ROWS
from diagnostics.queries.diagnosed import open_scope, read_nights
from diagnostics.queries.renewal_facts import Names
from diagnostics.queries.renewals import (
    CALLS,
    STATES,
    WINDOWS,
    Desk,
    Due,
    Week,
    add_up,
    build_rows,
    group_rows,
    read_desk,
    sum_weeks,
)
from diagnostics.screen_csv import answer_csv
from diagnostics.views.changes import PARTS, answer_change
from diagnostics.views.desk_frames import MOST_PAGES, PER_PAGE, WITHOUT, answer_desk, describe_books, open_frame
from diagnostics.views.posted import read_day, read_member
from portfolio import next_steps
from portfolio.books import access_account
from portfolio.models import Account

SCREEN = "renewals"
PART = "renewals-part"
FURTHER = ("window", "show", "forecast", "page")
DEFAULT_WINDOW = "90"


@require_GET
@organization_view("portfolio.view")
def renewals(request: MemberRequest) -> HttpResponse:
    """The page; htmx asks for its part, and says what came of it."""
    shown = describe_renewals(request)
    count = shown["listed"].count if "listed" in shown else 0
    said = ngettext("%(number)s contract", "%(number)s contracts", count) % {"number": count}
    return answer_desk(request, shown, template="diagnostics/renewals.html", part=PART, said=said)


def describe_renewals(request: MemberRequest) -> dict[str, Any]:
    """What the page shows, read by the URL's own parameters; raises BadFilter for one that it does not know."""
    filters, window, show, forecast = read_list(request.GET)
    number = read_number(request.GET, "page", most=MOST_PAGES)
    further = {"window": "" if window == DEFAULT_WINDOW else window, "show": show, "forecast": forecast}
    writer, nights, shown = open_frame(
        request, screen=SCREEN, filters=filters, further=further, narrows=("show", "forecast")
    )
    shown |= {"window": window, "show": show, "forecast": forecast}
    if nights is None:
        return shown
    scope = open_scope(request.membership, filters, nights)
    desk = read_desk(scope, window=int(window))
    listed = desk.narrowed(state=show, forecast=forecast)
    page = Paginator(range(listed.height), PER_PAGE).get_page(number)
    rows, names = build_rows(request.organization, desk, listed[page.start_index() - 1 : page.end_index()])
    weeks = sum_weeks(desk, day=nights.today)
    chart = draw_weeks([(week.at_risk, week.healthy) for week in weeks])
    return shown | {
        "desk": desk,
        "today": nights.today,
        "listed": add_up(listed),
        "page": page,
        "groups": group_rows(rows, listed),
        "totals": {state: desk.total_under(state) for state in STATES},
        "soon": desk.at_risk_by_window[WINDOWS[0]],
        "growing": list(desk.at_risk_by_window.items()),
        "figure_urls": {state: writer.url(filters, show="" if show == state else state) for state in STATES},
        "calls": _describe_calls(desk, writer, forecast),
        "forecasts": FORECASTS.items(),
        "windows": [_describe_window(days, window, writer) for days in WINDOWS],
        "books": describe_books(request, writer, scope),
        "book": scope.book,
        "weeks": weeks,
        "chart": chart,
        "drawn_weeks": zip(weeks, chart.bars, strict=True) if chart else (),
        "weeks_finding": _describe_weeks(request, weeks, nights.today),
        "owner_options": _write_options(names),
        "shares": _share(desk),
        "interval": place_interval(desk.spread.p10, desk.expected, desk.spread.p90) if desk.spread else None,
        "outcomes": _name_outcomes(desk, names),
    }


def _share(desk: Desk) -> dict[str, float | None]:
    """Value at risk as a part of the ARR due and of the portfolio; None without a base."""
    at_risk, due = desk.total_under("at_risk").arr, desk.total_under("due").arr
    return {
        "due": float(at_risk / due) if due else None,
        "portfolio": float(at_risk / desk.portfolio) if desk.portfolio else None,
    }


def _describe_weeks(request: MemberRequest, weeks: list[Week], today: date) -> str:
    """What the chart shows, in one sentence."""
    largest = max(weeks, key=lambda week: week.at_risk)
    if not largest.at_risk:
        return _("ARR due by week of decision. Nothing of it is at risk.")
    words = {
        "day": day(largest.begins_on, today),
        "amount": money_compact(largest.at_risk, request.organization.currency),
    }
    return _("ARR due by week of decision. The week of %(day)s holds most of the value at risk: %(amount)s.") % words


def _write_options(names: Names) -> SafeString:
    """The members who may own a step, as options: the same for every row."""
    return format_html_join("", '<option value="{}">{}</option>', names.members.items())


def read_list(query: QueryDict) -> tuple[AccountFilters, str, str, str]:
    """The account filters, the window, the figure and the call of a desk's URL; raises BadFilter."""
    filters = read_filters(query, further=FURTHER, without=WITHOUT)
    window = read_choice(query, "window", [str(days) for days in WINDOWS], default=DEFAULT_WINDOW)
    return (
        filters,
        window,
        read_choice(query, "show", STATES, default=""),
        read_choice(query, "forecast", CALLS, default=""),
    )


def _describe_window(days: int, window: str, writer: MenuWriter) -> dict[str, Any]:
    chosen = "" if str(days) == DEFAULT_WINDOW else str(days)
    return {"days": days, "url": writer.url(writer.filters, window=chosen), "current": str(days) == window}


def _describe_calls(desk: Desk, writer: MenuWriter, forecast: str) -> list[dict[str, Any]]:
    calls = desk.by_forecast()
    whole = sum((total.arr for _call, total in calls), start=0)
    return [
        {
            "call": call,
            "label": FORECASTS.get(call, _("No forecast yet")),
            "total": total,
            "share": float(total.arr / whole) if whole else None,
            "url": writer.url(writer.filters, forecast="" if call == forecast else call),
            "current": call == forecast,
        }
        for call, total in calls
    ]


def _name_outcomes(desk: Desk, names: Names) -> list[dict[str, Any]]:
    """The outcomes of few contracts, with the accounts that would be lost."""
    accounts = dict(zip(desk.rows["subscription_id"], desk.rows["account_id"], strict=True))
    return [
        {
            "lost": ", ".join(sorted(names.accounts[UUID(accounts[contract])].name for contract in outcome.lost)),
            "amount": outcome.amount,
            "probability": outcome.probability,
        }
        for outcome in desk.outcomes
    ]


CSV_COLUMNS: dict[str, Callable[[Due], Any]] = {
    "account_id": lambda row: row.source_id,
    "account": lambda row: row.account,
    "contract": lambda row: row.contract,
    "subscription_id": lambda row: row.subscription_id,
    "product": lambda row: row.product,
    "plan": lambda row: row.plan,
    "decides_on": lambda row: row.decides_on,
    "ends_on": lambda row: row.ends_on,
    "arr_due": lambda row: round(row.arr, 2),
    "at_risk": lambda row: "true" if row.at_risk else "false",
    "notice_given_on": lambda row: row.noticed_on,
    "forecast": lambda row: row.forecast or ("lost" if row.is_noticed else ""),
    "renewal_risk": lambda row: row.risk,
    "health": lambda row: row.health,
    "owner_email": lambda row: row.owner_email,
    "next_step": lambda row: row.step.title if row.step else "",
    "next_step_on": lambda row: row.step.due_on if row.step else None,
    "loss_reason": lambda row: row.loss_reason,
    "started_on": lambda row: row.started_on,
}


@require_GET
@organization_view("portfolio.view")
def renewals_csv(request: MemberRequest) -> HttpResponse:
    """All rows of the desk under its filters, in its order, as a file for a spreadsheet."""
    filters, window, show, forecast = read_list(request.GET)
    nights = read_nights()
    if nights is None:
        raise BadFilter(_("Only diagnosed accounts have figures to put into a file."))
    desk = read_desk(open_scope(request.membership, filters, nights), window=int(window))
    listed, _names = build_rows(request.organization, desk, desk.narrowed(state=show, forecast=forecast)[:MOST_ROWS])
    rows = ([read(row) for read in CSV_COLUMNS.values()] for row in listed)
    name = f"renewals-{request.organization.slug}-{window}-days-{nights.last.night}"
    return answer_csv(name, list(CSV_COLUMNS), rows)


def read_term(request: MemberRequest, account: Account) -> Term:
    """The posted `term` of the account as it runs today; raises ChangeRefused where there is none of that name."""
    organization = request.organization
    return find_term(
        account,
        request.POST.get("term", ""),
        day=local_day(organization),
        grace_days=organization.late_renewal_grace_days,
    )


@require_POST
@organization_view("portfolio.act")
def set_forecast(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """What is expected of one term: commit, likely, at risk or lost, with a reason."""
    account = access_account(request.membership, account_id)

    def act() -> tuple[AuditEntry, str]:
        term = read_term(request, account)
        forecast = request.POST.get("forecast", "")
        reason = request.POST.get("reason", "")
        entry = forecast_renewal(membership=request.membership, term=term, forecast=forecast, reason=reason)
        return entry, _("%(account)s: forecast %(call)s.") % {"account": account.name, "call": FORECASTS[forecast]}

    return answer_change(request, act, back=SCREEN)


@require_POST
@organization_view("portfolio.act")
def set_step(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """The next step of one term: a new one, or other words, another day or owner for the one that is open."""
    account = access_account(request.membership, account_id)
    goal_id = request.POST.get("goal", "")
    goal = next_steps.access_goal(request.membership, _read_id(goal_id)) if goal_id else None

    def act() -> tuple[AuditEntry, str]:
        noted: dict[str, Any] = {
            "membership": request.membership,
            "title": request.POST.get("title", ""),
            "due_on": read_day(request, "due_on"),
            "owner_email": read_member(request, "owner"),
        }
        if goal is not None:
            entry = next_steps.change_step(goal=goal, **noted)
            return entry, _("%(account)s: next step changed.") % {"account": account.name}
        term = read_term(request, account)
        entry = next_steps.add_step(account=account, term=term.name, **noted)
        return entry, _("%(account)s: next step noted.") % {"account": account.name}

    return answer_change(request, act, back=SCREEN)


@require_POST
@organization_view("portfolio.act")
def finish_step(request: MemberRequest, goal_id: UUID) -> HttpResponse:
    """The step was done today."""
    goal = next_steps.access_goal(request.membership, goal_id)

    def act() -> tuple[AuditEntry, str]:
        entry = next_steps.finish_step(membership=request.membership, goal=goal)
        return entry, _("%(account)s: step done.") % {"account": goal.account.name}

    return answer_change(request, act, back=SCREEN)


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadFilter("goal") from None


PARTS[PART] = "diagnostics/renewals.html#desk", describe_renewals
