"""Marks of long lists and of the matrix, each written in one go: a template that loops over fifty rows of ten
columns or a hundred cells spends five times as long on its own tags and includes."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import formats
from accounts.context import NOBODY
from accounts.templatetags.phano_display import days_or_date, tone
from portfolio.models import Account

register = template.Library()

# A decision this near stands out in a list.
SOON = timedelta(days=30)


@register.filter
def segment_badge(segment: str) -> SafeString:
    """`components/segment.html`."""
    return _render("components/segment.html", "segment", segment, get_language() or "")


@register.filter
def lever_mark(lever: str) -> SafeString:
    """`components/lever.html`; nothing where no lever is open."""
    return _render("components/lever.html", "lever", lever, get_language() or "") if lever else SafeString("")


@lru_cache(maxsize=64)
def _render(component: str, name: str, value: str, language: str) -> SafeString:
    return SafeString(render_to_string(component, {name: value}).strip())


@register.filter
def tier_name(tier: str) -> str:
    """The tier in words; '' where it is unknown."""
    return str(Account.Tier(tier).label) if tier else ""


@register.simple_tag
def account_url(slug: str, account_id: UUID) -> str:
    """The address of an account's page."""
    return _account_address(slug).replace(str(NOBODY), str(account_id))


@lru_cache(maxsize=256)
def _account_address(slug: str) -> str:
    return reverse("account", args=[slug, NOBODY])


@register.simple_tag
def score_cells(score: float | None, change: float | None, instead: str = "") -> SafeString:
    """A score and its change as two cells; `instead` says why it is withheld."""
    if score is None:
        return format_html('<td class="n" colspan="2"><span class="quiet">{}</span></td>', instead or _("withheld"))
    language = get_language() or "en"
    return format_html(
        '<td class="n"><b>{}</b></td><td class="n d"><span class="delta {}">{}</span></td>',
        formats.format_number(score, language=language),
        tone(change),
        "" if change is None else formats.format_number(change, language=language, signed=True),
    )


@register.simple_tag
def decision_cell(day: date | None, today: date) -> SafeString:
    """The decision date in words or as a date; near and passed ones stand out."""
    if day is None:
        return SafeString("<td></td>")
    return format_html(
        '<td class="nowrap"><time datetime="{}"{}>{}</time></td>',
        day.isoformat(),
        SafeString(' class="down"') if day <= today + SOON else "",
        days_or_date(day, today),
    )


@register.simple_tag
def people_cell(csm: str, am: str) -> SafeString:
    """The CSM over the AM, or nobody."""
    if not csm and not am:
        return format_html('<td><span class="quiet">{}</span></td>', _("nobody"))
    if not csm or not am or csm == am:
        return format_html("<td>{}</td>", csm or am)
    return format_html("<td>{}<small>{}</small></td>", csm, am)


# The numbers below are the geometry's own; only names and figures can hold what must be escaped.


@register.simple_tag
def matrix_cells(items: Iterable[Any]) -> SafeString:
    """The cells of the matrix as links; `items`: diagnostics.views.matrix_chart.ShownCell."""
    return SafeString("\n".join(map(_write_cell, items)))


def _write_cell(item: Any) -> str:
    cell, label = item.cell, escape(item.label)
    figures = ""
    if cell.figures:
        x, y, anchor = cell.figures.x, cell.figures.y, cell.figures.anchor
        figures = (
            f'<text class="t-ink t-b" x="{x}" y="{y}" text-anchor="{anchor}">{escape(item.arr)}</text>'
            f'<text class="t-2" x="{x}" y="{y + 14:.1f}" text-anchor="{anchor}">{escape(item.count)}</text>'
        )
    chosen = " cellx--sel" if item.is_selected else ""
    return (
        f'<a id="cell-{cell.total.health}-{cell.total.potential}" href="{escape(item.url)}" data-take '
        f'aria-label="{label}"{_current(item)}><rect class="cellx {item.hue} q{cell.shade}{chosen}" x="{cell.x}" '
        f'y="{cell.y}" width="{cell.width}" height="{cell.height}" rx="3"/>{figures}</a>'
    )


@register.simple_tag
def matrix_discs(items: Iterable[Any], over_cells: bool = False) -> SafeString:
    """The accounts of the matrix as links; `items`: diagnostics.views.matrix_chart.ShownBubble."""
    kind = " bub--o" if over_cells else ""
    return SafeString("\n".join(_write_disc(item, kind) for item in items))


def _write_disc(item: Any, kind: str) -> str:
    bubble = item.bubble
    at = f'cx="{bubble.x}" cy="{bubble.y}"'
    ring = f'<circle class="bub-sel" {at} r="{bubble.radius + 3:.1f}"/>' if item.is_selected else ""
    return (
        f'<a id="account-{bubble.key}" href="{escape(item.url)}" data-take data-preview="{escape(item.preview)}" '
        f'aria-label="{escape(item.label)}"{_current(item)}>'
        f'<circle class="bub bub--{item.kind}{kind}" {at} r="{bubble.radius}"/>{ring}</a>'
    )


@register.simple_tag
def matrix_trails(items: Iterable[Any]) -> SafeString:
    """Where the accounts come from."""
    return SafeString("".join(_write_trail(item.bubble.trail) for item in items if item.bubble.trail))


def _write_trail(trail: Any) -> str:
    way = "up" if trail.rises else "down"
    return (
        f'<path class="mv mv--{way}" d="{trail.path}"/><circle class="mvh--{way}" cx="{trail.x}" cy="{trail.y}" r="2"/>'
        f'<path class="mvh--{way}" d="{trail.head}"/>'
    )


@register.simple_tag
def matrix_names(items: Iterable[Any]) -> SafeString:
    """The accounts' names beside their discs, with a leader line where one stands apart."""
    return SafeString("".join(_write_name(item) for item in items if item.bubble.label))


def _write_name(item: Any) -> str:
    label = item.bubble.label
    leader = '<path class="c-lead" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>'.format(*label.leader) if label.leader else ""
    weight = " t-b" if item.is_selected else ""
    return (
        f'{leader}<text class="t-ink halo{weight}" x="{label.x:.1f}" y="{label.y:.1f}" '
        f'text-anchor="{label.anchor}">{escape(item.name)}</text>'
    )


@register.simple_tag
def matrix_caption(spot: Any, tone: str, name: str, figures: str) -> SafeString:
    """A quadrant's name over its figures."""
    return format_html(
        '<text class="{} t-b halo" x="{x}" y="{}" text-anchor="{anchor}">{}</text>'
        '<text class="t-2 halo" x="{x}" y="{}" text-anchor="{anchor}">{}</text>',
        tone,
        spot.y,
        name,
        round(spot.y + 16, 1),
        figures,
        x=spot.x,
        anchor=spot.anchor,
    )


def _current(item: Any) -> str:
    return ' aria-current="true"' if item.is_selected else ""
