"""How the engine's sentences stand in HTML."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from accounts.formats import NARROW

register = template.Library()
FIGURE = re.compile(r"\*\*(.+?)\*\*")
# French sets these signs off by a space at which no line may break; English has none before them.
GAP = re.compile(r" (?=[;:!?»])")


@register.filter
def emphasize(sentence: str) -> SafeString:
    """`fell from **212 to 131**` with its figures in <b>; everything else is escaped first."""
    return mark_safe(FIGURE.sub(r"<b>\1</b>", escape(_bind_signs(sentence))))  # noqa: S308  # escaped on this line


@register.filter
def plain(sentence: str) -> str:
    """The sentence without its marks: for labels and titles."""
    return FIGURE.sub(r"\1", _bind_signs(sentence))


def _bind_signs(sentence: str) -> str:
    return GAP.sub(NARROW, sentence)
