"""What the model's templates need beside the shared marks."""

from collections.abc import Mapping
from typing import Any

from django import template

from diagnostics.model_preview import Preview

register = template.Library()


@register.filter
def item(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """The value under a key that a variable holds; '' where there is none."""
    return (mapping or {}).get(key, "")


@register.filter
def is_weight(path: str) -> bool:
    """Whether the field stands in the table of weights, where its head names it."""
    return path.startswith("weights.")


@register.filter
def staying(preview: Preview) -> int:
    """Accounts that keep their segment."""
    return preview.book - preview.accounts


@register.filter
def staying_arr(preview: Preview) -> float:
    """Their ARR."""
    return preview.book_arr - preview.arr
