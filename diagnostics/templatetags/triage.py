"""The triage list: what is the same on every row but for its id and name is drawn once."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from accounts.models import Organization
from diagnostics.acts import DISMISS_REASONS, DONE_KINDS, SNOOZES

register = template.Library()

# Stand where a row's id and name, and the request's token, go. No row has them.
PLACE, NAME, TOKEN = UUID(int=0), "{row-name}", "{request-token}"
PANELS = ("buttons", "forms", "shared", "icons")


def draw_panels(organization: Organization, token: str) -> dict[str, SafeString]:
    """The parts of parts/panels.html: drawing them on each row would cost most of a long list."""
    drawn = _draw_panels(organization.slug, get_language() or "")
    return {part: mark_safe(html.replace(TOKEN, token)) for part, html in drawn.items()}  # noqa: S308  # rendered below


@lru_cache(maxsize=512)
def _draw_panels(slug: str, language: str) -> dict[str, SafeString]:
    offered: dict[str, Any] = {
        "organization": {"slug": slug},
        "done_kinds": DONE_KINDS.items(),
        "snoozes": [(code, label) for code, (label, _until) in SNOOZES.items()],
        "dismiss_reasons": DISMISS_REASONS.items(),
        "csrf_token": TOKEN,
        "place": PLACE,
        "name": NAME,
    }
    return {part: render_to_string(f"diagnostics/parts/panels.html#{part}", offered) for part in PANELS}


@register.filter
def for_row(panel: SafeString, row: Any) -> SafeString:
    """A part with a row's id and name in their places; "" where nothing is offered."""
    if not panel:
        return SafeString("")
    named = panel.replace(str(PLACE), str(row.id)).replace(NAME, escape(row.account_name))
    return mark_safe(named)  # noqa: S308  # rendered by Django; the name is escaped, an id has no markup
