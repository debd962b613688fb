"""The triage list: what is the same on every row but for its id and name is drawn once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Stand where a row's id and name go. No row has them.
PLACE, NAME = UUID(int=0), "{row-name}"
PANELS = ("buttons", "forms", "shared", "icons")


def draw_panels(context: Mapping[str, Any]) -> dict[str, SafeString]:
    """The parts of parts/panels.html, each drawn once; drawing them on each row would cost most of a long list."""
    placed = {**context, "place": PLACE, "name": NAME}
    return {part: render_to_string(f"diagnostics/parts/panels.html#{part}", placed) for part in PANELS}


@register.filter
def for_row(panel: SafeString, row: Any) -> SafeString:
    """A part with a row's id and name in their places; "" where nothing is offered."""
    if not panel:
        return SafeString("")
    named = panel.replace(str(PLACE), str(row.id)).replace(NAME, escape(row.account_name))
    return mark_safe(named)  # noqa: S308  # rendered by Django; the name is escaped, an id has no markup
