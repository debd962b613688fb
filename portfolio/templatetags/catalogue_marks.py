"""What the catalogue's templates need beside the shared marks."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse

from portfolio.catalogue_forms import WORDS
from portfolio.need_phrases import read_phrases
from portfolio.queries.catalogue import Amount, Gap

register = template.Library()


@register.filter
def cell_words(cell: str) -> str:
    """A code of the contract in words."""
    return str(WORDS.get(cell, cell))


@register.filter
def count_phrases(need_phrases: str) -> str:
    """How many phrases a product is voiced by; a dash where there is none."""
    count = len(read_phrases(need_phrases))
    return str(count) if count else "–"


@register.filter
def under(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The value under a key; None where there is none."""
    return mapping.get(key)


@register.filter
def share_of(gap: Gap, book: Amount) -> float:
    """The part of the book's ARR that a gap affects."""
    return gap.affects.arr / book.arr if book.arr else 0.0


@register.simple_tag
def mend_url(slug: str, gap: Gap) -> str:
    """Where a gap is filled; '' where only its source can."""
    if not gap.file:
        return ""
    if gap.row_id is not None:
        return reverse("catalogue_row", args=[slug, gap.file, gap.row_id])
    path = reverse("catalogue_new", args=[slug, gap.file])
    return f"{path}?{urlencode(gap.given)}" if gap.given else path
