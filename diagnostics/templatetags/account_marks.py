"""Marks of the account page: sources rendered once a language, metrics in words, coordinates."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from accounts.templatetags.phano_display import day, number
from diagnostics.charts.history import Point
from diagnostics.engine.sentences import name_metric
from diagnostics.queries.causes import SOURCES, Cause

register = template.Library()


@register.filter
def source_mark(source: str) -> SafeString:
    """`components/source.html` without a date; nothing for what comes from no source (rules, the scale's end)."""
    return _render_source(source, get_language() or "") if source in SOURCES else SafeString("")


@lru_cache(maxsize=16)
def _render_source(source: str, language: str) -> SafeString:
    return SafeString(render_to_string("components/source.html", {"source": source}).strip())


@register.simple_tag
def history_rows(points: Sequence[Point], today: date) -> SafeString:
    """The table rows of a score history, newest first; in Python, because a year has many and none is special."""
    withheld = gettext("withheld")
    return format_html_join(
        "\n",
        '<tr><th scope="row"><time datetime="{}">{}</time></th><td class="n">{}</td><td class="n">{}</td></tr>',
        (
            (
                point.night.isoformat(),
                day(point.night, today),
                *(_shown(s, withheld) for s in (point.health, point.potential)),
            )
            for point in reversed(points)
        ),
    )


def _shown(score: float | None, withheld: str) -> str:
    return withheld if score is None else number(score, 1)


@register.filter
def metric_label(metric: str) -> str:
    """A metric as the head of a row: API calls, Work orders, Sièges."""
    name = name_metric(metric, get_language() or "en")
    return name[:1].upper() + name[1:]


@register.filter
def rests_on(cause: Cause, files: frozenset[str] | None) -> bool:
    """Whether a record behind the cause is of one of the files."""
    return cause.contribution is not None and any(r.file in (files or ()) for r in cause.contribution.records)


@register.filter
def add_units(value: float, more: float) -> float:
    """A coordinate moved by `more` units, to the tenth."""
    return round(value + more, 1)
