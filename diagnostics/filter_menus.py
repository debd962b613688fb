"""The menus above a list of accounts: what can be chosen, what is, and the URL that each choice leads to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models.organizations import Visibility
from diagnostics.filters import DECISIONS, NONE, AccountFilters, Range
from diagnostics.models.diagnoses import Lever, Segment
from diagnostics.queries.choices import CHOICE_FIELDS, Choice
from portfolio.models import Account

SCORE_RANGES = (Range(0, 40), Range(40, 60), Range(60, 80), Range(80, 100))


@dataclass(frozen=True, slots=True)
class Option:
    """One link of a menu."""

    label: str
    url: str
    is_chosen: bool
    count: int | None = None


@dataclass(slots=True)
class Menu:
    """One filter: `shown` is what it stands at; `more_url` brings options that are read only when it opens."""

    name: str
    label: str
    shown: str
    is_on: bool
    clear_url: str
    options: list[Option] = field(default_factory=list)
    more_url: str = ""
    # The ends of a range that is none of the options, or is to be typed: (low, high).
    ends: tuple[int, int] | None = None


class MenuWriter:
    """Writes the menus of one screen; every URL keeps the other filters and the screen's own parameters."""

    def __init__(self, *, screen: str, slug: str, filters: AccountFilters, **further: str) -> None:
        self.screen, self.slug, self.filters, self.further = screen, slug, filters, further
        self.path = reverse(screen, args=[slug])

    def url(self, filters: AccountFilters, **changed: str) -> str:
        """The screen with other filters, back on its first page."""
        query = filters.to_query(**{**self.further, **changed})
        return f"{self.path}?{query}" if query else self.path

    def url_with(self, more: str) -> str:
        """The screen as it is with more parameters, written as in a query string: for the many marks of a chart."""
        return f"{self._here}{more}"

    @cached_property
    def _here(self) -> str:
        here = self.url(self.filters)
        return f"{here}{'&' if '?' in here else '?'}"

    def write(self, fields: Iterable[str]) -> list[Menu]:
        """The menus of these filters, in this order."""
        return [self._menu(name) for name in fields]

    def write_options(self, name: str, choices: Iterable[Choice]) -> list[Option]:
        """The options of a filter whose choices were read from the book."""
        return [self._toggle(name, choice.value, choice.label, choice.count) for choice in choices]

    def _menu(self, name: str) -> Menu:
        chosen = getattr(self.filters, name)
        empty = () if isinstance(chosen, tuple) else None if name in ("health", "potential") else ""
        menu = Menu(
            name=name,
            label=LABELS[name](),
            shown=self._shown(name, chosen),
            is_on=bool(chosen),
            clear_url=self.url(self.filters.with_value(name, empty)),
        )
        if name in CHOICE_FIELDS:
            query = self.filters.to_query(screen=self.screen, **self.further)
            menu.more_url = f"{reverse('filter_choices', args=[self.slug, name])}?{query}"
        elif name in ("health", "potential"):
            menu.options = [self._set(name, one, _write_range(one)) for one in SCORE_RANGES]
            menu.ends = (chosen.low, chosen.high) if chosen else (0, 100)
        elif isinstance(chosen, tuple):
            menu.options = [self._toggle(name, value, label) for value, label in VALUES[name]().items()]
        else:
            menu.options = [self._set(name, value, label) for value, label in VALUES[name]().items()]
        return menu

    def _shown(self, name: str, chosen: object) -> str:
        if not chosen:
            return pgettext("any value of a filter", "All")
        if isinstance(chosen, Range):
            return _write_range(chosen)
        values = chosen if isinstance(chosen, tuple) else (chosen,)
        if len(values) > 1:
            return _("%(number)s chosen") % {"number": len(values)}
        known = VALUES[name]() if name in VALUES else {NONE: _("None")}
        return known.get(str(values[0]), str(values[0]))

    def _toggle(self, name: str, value: str, label: str, count: int | None = None) -> Option:
        chosen = value in getattr(self.filters, name)
        return Option(label, self.url(self.filters.with_choice_toggled(name, value)), chosen, count)

    def _set(self, name: str, value: str | Range, label: str) -> Option:
        return Option(label, self.url(self.filters.with_value(name, value)), getattr(self.filters, name) == value)


def _write_range(chosen: Range) -> str:
    if chosen.low == 0:
        return _("below %(high)s") % {"high": chosen.high}
    if chosen.high == 100:
        return _("%(low)s and above") % {"low": chosen.low}
    return _("%(low)s to %(high)s") % {"low": chosen.low, "high": chosen.high}


def name_segments() -> dict[str, str]:
    """The segments by their short names."""
    return {
        Segment.EXPANSION: _("Expansion"),
        Segment.DEFENSE: _("Defense"),
        Segment.REGULAR: _("Regular"),
    }


def name_books() -> dict[str, str]:
    """The books as the switch names them."""
    return {Visibility.OWN: _("My book"), Visibility.TEAM: _("Team"), Visibility.ALL: pgettext("all accounts", "All")}


def _name_decisions() -> dict[str, str]:
    named = {days: _("within %(days)s days") % {"days": days} for days in DECISIONS if days != "late"}
    return {**named, "late": _("date has passed")}


VALUES: dict[str, Callable[[], dict[str, str]]] = {
    "segment": name_segments,
    "lever": lambda: {**{lever.value: str(lever.label) for lever in Lever}, NONE: _("No lever open")},
    "tier": lambda: {**{tier.value: str(tier.label) for tier in Account.Tier}, NONE: _("Unknown")},
    "decision": _name_decisions,
    "state": lambda: {
        "withheld": _("Health withheld"),
        "new": _("Not diagnosed yet"),
        "left": _("Former customers"),
    },
}
LABELS: dict[str, Callable[[], str]] = {
    "segment": lambda: _("Segment"),
    "lever": lambda: _("Lever"),
    "tier": lambda: _("Tier"),
    "owner": lambda: pgettext("of an account", "Owner"),
    "country": lambda: _("Country"),
    "cohort": lambda: _("Customer since"),
    "health": lambda: _("Health"),
    "potential": lambda: _("Potential"),
    "decision": lambda: _("Decision"),
    "state": lambda: _("Status"),
}
