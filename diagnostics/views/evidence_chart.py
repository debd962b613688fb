"""The chart of a row of Today: the account's use by week, asked for once the row is opened."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.formats import format_day, format_number
from accounts.web import MemberRequest, organization_view
from diagnostics.charts.discs import shorten
from diagnostics.charts.evidence import Evidence, draw_evidence
from diagnostics.queries.weekly_use import find_event, find_last_night, read_weekly_use
from portfolio.books import access_account
from portfolio.models import ProductEvent

# Of the line, the area, the last point and its value.
CLASSES = {
    "down": ("c-line c-line--d", "f-def-s", "f-def", "t-def t-b"),
    "up": ("c-line c-line--e", "f-exp-s", "f-exp", "t-exp t-b"),
    "": ("c-line", "f-acc-s", "f-acc", "t-ink t-b"),
}


@require_GET
@organization_view("portfolio.view")
def evidence_chart(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """The figure, or nothing where the account's source tells of no use.

    By account, not by priority: a night that runs again while the page is open gives its priorities other ids.
    """
    account = access_account(request.membership, account_id)
    night, known_to = find_last_night()
    use = read_weekly_use(account.pk, min(known_to, night)) if night and known_to else None
    event = find_event(account.pk, night) if use and night else None
    chart = draw_evidence(use.weeks, event.happened_on if event else None) if use else None
    if use is None or chart is None:
        return HttpResponse()
    title = name_metric(use.metric)
    language = get_language() or "en"
    words = {
        "title": title,
        "then": format_number(chart.first.value, language=language),
        "first": format_day(chart.first.ends_on, language=language, today=night),
        "now": format_number(chart.last.value, language=language),
        "last": format_day(chart.last.ends_on, language=language, today=night),
    }
    context = {
        "title": title,
        "told": _("%(title)s: %(then)s on %(first)s, %(now)s on %(last)s.") % words,
        "drawing": write_chart(chart, words, event, language),
    }
    return render(request, "diagnostics/parts/evidence_chart.html", context)


def name_metric(metric: str) -> str:
    """What the weeks of a metric show."""
    if metric == "active_users_7d":
        return _("Active users, weekly")
    return _("Active users a day, by week") if metric == "active_users" else _("Activity, weekly")


def write_chart(chart: Evidence, words: dict[str, str], event: ProductEvent | None, language: str) -> SafeString:
    """What stands inside the SVG; coordinates never take a comma."""
    line, area, dot, last = CLASSES[chart.tone]
    marked: SafeString | str = ""
    if chart.event_x is not None and event is not None:
        since = format_day(event.happened_on, language=language, today=chart.last.ends_on)
        marked = format_html(
            '<path class="c-thr" d="M{} 12V114"/><text class="t-2" x="{}" y="18" text-anchor="{}">{}</text>',
            chart.event_x,
            chart.event_text_x,
            chart.event_anchor,
            f"{since}: {shorten(event.title)}" if event.title else since,
        )
    return format_html(
        '<path class="c-grid" d="{}"/><path class="{}" d="{}"/>{}<path class="{}" d="{}"/>'
        '<circle class="{}" cx="322" cy="{}" r="3.5"/><text class="{}" x="330" y="{}">{}</text>'
        '<text class="t-ink t-b" x="4" y="{}">{}</text><text x="4" y="132">{}</text>'
        '<text x="322" y="132" text-anchor="end">{}</text>',
        chart.grid,
        area,
        chart.area,
        marked,
        line,
        chart.line,
        dot,
        chart.last_y,
        last,
        chart.last_text_y,
        words["now"],
        chart.first_text_y,
        words["then"],
        words["first"],
        words["last"],
    )
