"""The catalogue's rows as forms: which cells, how they are called, and how they are written on a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portfolio.catalogue import EDITABLE, GIVEN, NUMBERS
from portfolio.catalogue_files import CATALOGUE_FILES
from portfolio.columns import Column, Kind
from portfolio.models import Plan, Product

LABELS: Mapping[str, Any] = {
    "name": _("Name"),
    "family": _("Family"),
    "core": _("Main product"),
    "need_phrases": _("Need phrases"),
    "effect": _("What its use means"),
    "opens_expansion": _("Opens expansion"),
    "rank": _("Rank"),
    "list_price_monthly": _("List price, a month"),
    "price_basis": _("Price basis"),
    "currency": _("Currency"),
    "included": _("Included"),
    "metric": _("Metric"),
    "kind": _("Kind"),
    "happened_on": _("Day"),
    "ended_on": _("Until"),
    "title": _("Title"),
    "product_id": _("Product"),
    "plan_id": _("Plan"),
    "milestone": _("Milestone"),
    "expected_days": _("Expected within, days"),
}
HELPS: Mapping[str, Any] = {
    "need_phrases": _(
        "By which an exchange or a ticket voices this need, in English and in French, separated by ; "
        "A phrase that begins with en: or fr: is looked for in texts of that language only."
    ),
    "rank": _("1 is the lowest"),
    "metric": _("feature:NAME as in usage, or for a limit seats, api_calls or another metric"),
    "currency": _("Empty: the reporting currency"),
    "milestone": _("As milestones.csv spells it"),
    "expected_days": _("Counted from the first paid day; empty: no day is expected"),
    "family": _("Products of one family replace each other"),
}
WORDS: Mapping[str, Any] = {
    "key": pgettext_lazy("feature", "Key"),
    "neutral": pgettext_lazy("feature", "Neutral"),
    "negative": pgettext_lazy("feature", "Negative"),
    "flat": _("Flat"),
    "per_seat": _("Per seat"),
    "metered": _("Metered"),
    "release": _("Release"),
    "incident": _("Incident"),
    "price_change": _("Price change"),
    "true": _("Yes"),
    "false": _("No"),
}
NAMES: Mapping[str, tuple[Any, Any]] = {
    "products": (_("Product"), _("Add a product")),
    "features": (_("Feature"), _("Add a feature")),
    "plans": (_("Plan"), _("Add a plan")),
    "plan_limits": (_("Plan limit"), _("Add a limit")),
    "product_events": (_("Product event"), _("Add an event")),
    "value_milestones": (_("Value milestone"), _("Add a milestone")),
}


@dataclass(frozen=True, slots=True)
class CellField:
    """One cell of a form; `cell` is its value in the contract's spelling, `text` as the page shows it."""

    name: str
    label: str
    help: str
    widget: str  # text, number, date, area, choice
    cell: str
    text: str
    choices: list[tuple[str, str]]
    required: bool
    error: str = ""

    @property
    def id(self) -> str:
        return f"cell-{self.name}"


def describe_form(
    file: str, cells: Mapping[str, str], *, new: bool = False, faults: Mapping[str, str] | None = None
) -> list[CellField]:
    """The fields of a row's form; a new row also asks where it hangs."""
    names = (*GIVEN[file], *EDITABLE[file]) if new else EDITABLE[file]
    return [
        _describe(file, CATALOGUE_FILES[file].by_name[name], cells.get(name, ""), (faults or {}).get(name, ""))
        for name in names
    ]


def _describe(file: str, column: Column, cell: str, error: str) -> CellField:
    choices = _list_choices(column)
    widget = {Kind.DATE: "date", Kind.PROSE: "area"}.get(column.kind, "number" if column.kind in NUMBERS else "text")
    return CellField(
        column.name,
        str(LABELS[column.name]),
        str(HELPS.get(column.name, "")),
        "choice" if choices else widget,
        cell,
        show_cell(column, cell) if widget == "number" else cell,
        choices,
        column.required,
        error,
    )


def _list_choices(column: Column) -> list[tuple[str, str]]:
    if column.kind is Kind.BOOLEAN:
        found = ["true", "false"]
    elif column.kind is Kind.CHOICE:
        found = list(column.choices)
    elif column.kind is Kind.REFERENCE:
        rows = (
            Plan.objects.select_related("product").order_by("product__name", "rank")
            if column.refers_to == "plans"
            else None
        )
        if rows is not None:
            return [("", "–"), *((plan.source_id, f"{plan.product} {plan}") for plan in rows)]
        return [("", "–"), *Product.objects.order_by("name").values_list("source_id", "name")]
    else:
        return []
    empty = [] if column.required else [("", gettext("not said"))]
    return [*empty, *((value, str(WORDS.get(value, value))) for value in found)]


def show_cell(column: Column, cell: str) -> str:
    """A cell in words, with the reader's decimal comma."""
    if column.kind in NUMBERS:
        return cell.replace(".", ",") if (get_language() or "").startswith("fr") else cell
    return str(WORDS.get(cell, cell))
