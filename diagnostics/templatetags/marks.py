"""Marks of long lists and charts: badges and levers rendered once a language, coordinates, tiers."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from portfolio.models import Account

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


@register.filter
def add_units(value: float, more: float) -> float:
    """A coordinate moved by `more` units, to the tenth."""
    return round(value + more, 1)


@register.filter
def round_units(value: float) -> float:
    """A coordinate to the tenth."""
    return round(value, 1)


@register.filter
def tier_name(tier: str) -> str:
    """The tier in words; '' where it is unknown."""
    return str(Account.Tier(tier).label) if tier else ""
