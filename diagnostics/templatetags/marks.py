"""The badge and the lever of a row, for long lists: each of the few there are is rendered once a language."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


@register.filter
def segment_badge(segment: str) -> SafeString:
    """`components/segment.html`; a list of fifty rows would otherwise include it fifty times."""
    return _render("components/segment.html", "segment", segment, get_language() or "")


@register.filter
def lever_mark(lever: str) -> SafeString:
    """`components/lever.html`; nothing where no lever is open."""
    return _render("components/lever.html", "lever", lever, get_language() or "") if lever else SafeString("")


@lru_cache(maxsize=64)
def _render(component: str, name: str, value: str, language: str) -> SafeString:
    return SafeString(render_to_string(component, {name: value}).strip())
