"""Display filters and tags for every room's templates: money, numbers, days, icons, sparklines, form controls."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect
from django.template import Node, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from accounts import formats
from accounts.icons import ICONS
from accounts.models import Membership
from accounts.permissions import is_allowed

register = template.Library()

DRAWN = {name: SafeString(paths) for name, paths in ICONS.items()}
# Beyond this many days a date says more than a count (design rule "days under 120").
DAYS_COUNTED = 120


def _language() -> str:
    return get_language() or "en"


@register.filter
def money(amount: Decimal | float | None, currency: str) -> str:
    """€148,000, or an en dash for None."""
    return formats.NOTHING if amount is None else formats.format_money(amount, currency, language=_language())


@register.filter
def money_compact(amount: Decimal | float | None, currency: str) -> str:
    """€1.17M, for headlines and figures."""
    return formats.NOTHING if amount is None else formats.format_money_compact(amount, currency, language=_language())


@register.filter
def money_signed(amount: Decimal | float | None, currency: str) -> str:
    """+€38,000."""
    if amount is None:
        return formats.NOTHING
    return formats.format_money(amount, currency, language=_language(), signed=True)


@register.filter
def money_signed_compact(amount: Decimal | float | None, currency: str) -> str:
    """−€245k."""
    if amount is None:
        return formats.NOTHING
    return formats.format_money_compact(amount, currency, language=_language(), signed=True)


@register.filter
def number(value: Decimal | float | None, digits: int = 0) -> str:
    """1,204 or 1 204, with `digits` decimals."""
    return formats.NOTHING if value is None else formats.format_number(value, language=_language(), digits=digits)


@register.filter
def signed(value: Decimal | float | None, digits: int = 0) -> str:
    """+11, −25, 0."""
    if value is None:
        return formats.NOTHING
    return formats.format_number(value, language=_language(), digits=digits, signed=True)


@register.filter
def percent(ratio: Decimal | float | None, digits: int = 0) -> str:
    """0.31 as 31%, or 31 % in French."""
    return formats.NOTHING if ratio is None else formats.format_percent(ratio, language=_language(), digits=digits)


@register.filter
def tone(value: Decimal | float | None) -> str:
    """The class of a movement: `up` above zero, `down` below, nothing at zero."""
    if not value:
        return ""
    return "up" if value > 0 else "down"


@register.filter
def day(value: date | datetime | None, today: date | None = None) -> str:
    """27 Nov, with the year where it is not this year's (`today`: the reader's or the night's day)."""
    if value is None:
        return formats.NOTHING
    return formats.format_day(_as_day(value), language=_language(), today=today or timezone.localdate())


@register.filter
def short_month(value: date) -> str:
    """The month alone, as a chart's axis names it: Nov, nov."""
    return formats.name_month(value, language=_language())


@register.filter
def days_or_date(value: date | datetime | None, today: date | None = None) -> str:
    """In words up to 119 days away (“in 8 days”, “34 days ago”), the date beyond."""
    if value is None:
        return formats.NOTHING
    today = today or timezone.localdate()
    days = (_as_day(value) - today).days
    if days == 0:
        return gettext("today")
    if abs(days) >= DAYS_COUNTED:
        return formats.format_day(_as_day(value), language=_language(), today=today)
    if days > 0:
        return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}
    return ngettext("%(days)s day ago", "%(days)s days ago", -days) % {"days": -days}


@register.filter
def days_short(value: date | datetime | None, today: date | None = None) -> str:
    """The narrow form for rows: “8 d”, or the date from 120 days on; past days count too."""
    if value is None:
        return formats.NOTHING
    today = today or timezone.localdate()
    days = abs((_as_day(value) - today).days)
    if days >= DAYS_COUNTED:
        return formats.format_day(_as_day(value), language=_language(), today=today)
    # Translators: a number of days, as short as can be read: “8 d”, in French “8 j”.
    return gettext("%(days)s d") % {"days": days}


@register.filter
def days_beside(value: date, today: date) -> str:
    """The same beside the date itself: “8 d”, and nothing from 120 days on, where the date would be said twice."""
    return "" if abs((value - today).days) >= DAYS_COUNTED else days_short(value, today)


def _as_day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


@register.filter
def initials(name: str) -> str:
    """Ingrid Moe as IM."""
    words = [word for word in str(name).replace("-", " ").split() if word[:1].isalnum()]
    picked = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0] for word in picked).upper()


@register.filter
def may(membership: Membership | None, permission: str) -> bool:
    """Whether the member holds the permission and the organization can be written: for what a page offers."""
    return membership is not None and is_allowed(permission, membership) and membership.organization.is_writable


@register.filter
def page_numbers(page: Page) -> Iterator[int | str]:
    """The numbers a pager shows around this page, with an ellipsis where some are left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


class IconNode(Node):
    """`{% icon "check" %}`; a literal name that is not drawn fails when the template is read, not when it is shown."""

    def __init__(self, name: FilterExpression, classes: FilterExpression | None) -> None:
        self.name, self.classes = name, classes

    def render(self, context: template.Context) -> str:
        classes = self.classes.resolve(context) if self.classes else ""
        return draw_icon(self.name.resolve(context), str(classes))


def draw_icon(name: str, classes: str = "") -> SafeString:
    """The icon as inline SVG, hidden from assistive technology; raises KeyError for a name that is not drawn."""
    own = f"i {classes}".rstrip()
    return format_html('<svg class="{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', own, DRAWN[name])


@register.tag
def icon(parser: Parser, token: Token) -> IconNode:
    """`{% icon "name" %}`, `{% icon variable %}`, with further classes: `{% icon "up" "i-12 up" %}`."""
    bits = token.split_contents()[1:]
    if not 1 <= len(bits) <= 2:
        raise TemplateSyntaxError('Write {% icon "name" %} or {% icon "name" "classes" %}.')
    name = parser.compile_filter(bits[0])
    if isinstance(name.var, str) and name.var not in ICONS:
        raise TemplateSyntaxError(f"There is no icon {name.var!r}; accounts/icons.py draws {', '.join(sorted(ICONS))}.")
    return IconNode(name, parser.compile_filter(bits[1]) if len(bits) == 2 else None)


@register.simple_tag
def sparkline(values: Sequence[float | None], trend: float | None = None, span: float = 12) -> str:
    """A line of 52 × 18 with a dot at its end, coloured by `trend`; gaps (None) break the line.

    The scale never covers less than `span` points, so that a wobble of one point stays flat.
    Decorative: the figures stand beside it. Empty for fewer than two values.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    middle, half = (max(known) + min(known)) / 2, max(max(known) - min(known), span) / 2
    step = 46 / (len(values) - 1)
    path, pen, end = [], "M", (0.0, 0.0)
    for index, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        end = (round(2 + index * step, 1), round(9 - (float(value) - float(middle)) / float(half) * 6, 1))
        path.append(f"{pen}{end[0]} {end[1]}")
        pen = "L"
    return format_html(
        '<svg class="spark" viewBox="0 0 52 18" width="52" height="18" aria-hidden="true">'
        '<path d="{}"/><circle class="{}" cx="{}" cy="{}" r="2.2"/></svg>',
        "".join(path),
        {"up": "d-up", "down": "d-down", "": ""}[tone(trend)],
        *end,
    )


@register.simple_tag
def score_block(label: str, value: Any, delta: Any = None, values: Any = ()) -> str:
    """components/score.html in one go: a long list draws two on each row. None for `value` is “withheld”.

    What an include leaves out arrives as '', and is None.
    """
    delta = None if delta == "" else delta
    if value is None or value == "":
        shown = format_html('<span class="withheld">{}</span>', gettext("withheld"))
    else:
        shown = format_html(
            '<b>{}</b><span class="delta {}">{}</span>{}',
            number(value),
            tone(delta),
            "" if delta is None else signed(delta),
            sparkline(values, delta) if values else "",
        )
    return format_html('<div class="score"><span class="sl">{}</span>{}</div>', label, shown)


@register.simple_tag
def bar(share: float, fill: str = "f-acc", mark: float | None = None) -> str:
    """A bar of 220 × 14 for a share of a limit (1 is full); `mark` draws a stroke at an earlier share."""
    width = round(220 * min(max(float(share), 0), 1), 1)
    stroke = ""
    if mark is not None:
        stroke = format_html('<path class="c-mark" d="M{} 0V14"/>', round(220 * min(max(float(mark), 0), 1), 1))
    return format_html(
        '<svg class="chart" viewBox="0 0 220 14" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="f-sunk" width="220" height="8" y="3" rx="4"/>'
        '<rect class="{}" width="{}" height="8" y="3" rx="4"/>{}</svg>',
        fill,
        width,
        stroke,
    )


@register.simple_tag
def points_bar(points: float, most: float) -> str:
    """Points left or right of zero in 128 × 20, `most` being the largest of the table in absolute value."""
    span = 62 * min(abs(float(points)) / float(most), 1) if most else 0
    left = 64 - span - 1 if points < 0 else 65
    return format_html(
        '<svg class="bars" viewBox="0 0 128 20" width="128" height="20" aria-hidden="true">'
        '<path class="c-axis" d="M64 0V20"/><rect class="{}" x="{}" y="5" width="{}" height="10" rx="2"/></svg>',
        "f-def" if points < 0 else "f-exp",
        round(left, 1),
        round(max(span, 1), 1),
    )


@register.simple_tag
def progress_bar(share: float, label: str) -> str:
    """A named progress bar, `share` from 0 to 1."""
    width = round(100 * min(max(float(share), 0), 1))
    return format_html(
        '<svg class="prog" viewBox="0 0 100 6" preserveAspectRatio="none" role="progressbar" aria-valuemin="0" '
        'aria-valuemax="100" aria-valuenow="{width}" aria-label="{label}"><rect class="f-sunk" width="100" height="6"/>'
        '<rect class="f-acc" width="{width}" height="6"/></svg>',
        width=width,
        label=label,
    )


@register.filter
def control(field: BoundField, option: str = "") -> SafeString:
    """A form field's widget in our classes; option `small` for the 32 px form, `bare` drops its placeholder."""
    widget = field.field.widget
    attrs: dict[str, Any] = {}
    if not isinstance(widget, (CheckboxInput, CheckboxSelectMultiple, RadioSelect, FileInput)):
        own = widget.attrs.get("class", "")
        attrs["class"] = " ".join(filter(None, [own, "input", "input--sm" if option == "small" else ""]))
    if option == "bare":
        attrs["placeholder"] = False
    return field.as_widget(attrs=attrs)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the field is one box with its label beside it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def is_select(field: BoundField) -> bool:
    """Whether the field is drawn as a drop-down and wants our chevron."""
    return getattr(field.field.widget, "input_type", "") == "select" and not getattr(
        field.field.widget, "allow_multiple_selected", False
    )
