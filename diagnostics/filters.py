"""What a list of accounts may be filtered and sorted by: read from the URL by an allow-list, written back to it.

A field or a value that is not known here is refused (400), never ignored and never handed to the database.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import Membership
from diagnostics.models.diagnoses import Lever, Segment
from portfolio.models import Account, Contact
from portfolio.people import hash_address

BOOKS = ("own", "team", "all")
# One word for "has no value" in lists of choices: accounts without an owner, a tier, a lever.
NONE = "none"
STATES = ("withheld", "new", "left")
# Days from the night within which the decision falls; "late" is one that has passed.
DECISIONS = ("30", "60", "90", "180", "365", "late")
MOST_TEXT, MOST_CHOICES = 100, 50


class BadFilter(BadRequest):
    """The URL asks for a field or a value that no list knows."""


@dataclass(frozen=True, slots=True)
class Range:
    """Scores from `low` up to, but without, `high`; 100 is the last and belongs to the range that ends there."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"

    def condition(self, field: str) -> Q:
        """The range as a condition on a score; an account whose score is withheld is in none."""
        until = "lte" if self.high == 100 else "lt"
        return Q(**{f"{field}__gte": self.low, f"{field}__{until}": self.high})


@dataclass(frozen=True, slots=True)
class AccountFilters:
    """One list of accounts as its URL says it; what is empty does not filter."""

    book: str = ""
    q: str = ""
    segment: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    cohort: tuple[str, ...] = ()
    lever: tuple[str, ...] = ()
    health: Range | None = None
    potential: Range | None = None
    decision: str = ""
    state: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the book narrows the list."""
        return self != AccountFilters(book=self.book)

    @property
    def asks_diagnosis(self) -> bool:
        """Whether an account must have been diagnosed to meet the filters."""
        return any((self.segment, self.lever, self.health, self.potential, self.decision, self.state))

    @property
    def cleared(self) -> "AccountFilters":
        """The same book without any filter."""
        return AccountFilters(book=self.book)

    def with_value(self, field: str, value: Any) -> "AccountFilters":
        """The same filters with one field replaced."""
        return replace(self, **{field: value})

    def with_choice_toggled(self, field: str, choice: str) -> "AccountFilters":
        """The same filters with one choice of a list added, or taken away where it is there."""
        chosen = getattr(self, field)
        kept = tuple(c for c in chosen if c != choice) if choice in chosen else (*chosen, choice)
        return self.with_value(field, tuple(sorted(kept)))

    def to_query(self, **further: Any) -> str:
        """The filters and `further` parameters as a query string, always in the same order; '' where there are none."""
        pairs: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            pairs += [(field.name, str(one)) for one in (value if isinstance(value, tuple) else (value,)) if one]
        pairs += [(name, str(value)) for name, value in further.items() if value]
        return urlencode(pairs)

    def account_condition(self, membership: Membership) -> Q:
        """What the filters ask of the account itself, for a queryset of Account. The book is not part of it."""
        condition = _any_of("tier", self.tier) & _owned_by(self.owner) & _any_of("country", self.country)
        if self.cohort:
            since = Q()
            for year in self.cohort:
                known = Q(customer_since__gte=date(int(year), 1, 1), customer_since__lt=date(int(year) + 1, 1, 1))
                since |= known
            condition &= since
        if self.q:
            condition &= search_condition(membership, self.q)
        return condition

    def diagnosis_condition(self, night: date) -> Q:
        """What the filters ask of the account's diagnosis of `night`, for a queryset of Diagnosis."""
        condition = _any_of("segment", self.segment) & _any_of("lever", self.lever)
        for field in ("health", "potential"):
            wanted: Range | None = getattr(self, field)
            if wanted is not None:
                condition &= wanted.condition(field)
        if self.decision == "late":
            condition &= Q(decision_on__lte=night)
        elif self.decision:
            condition &= Q(decision_on__gt=night, decision_on__lte=night + timedelta(days=int(self.decision)))
        if self.state == "withheld":
            condition &= Q(health__isnull=True)
        return condition


def search_condition(membership: Membership, text: str) -> Q:
    """Accounts whose name, domain or source id holds `text`, case and accents aside.

    A whole e-mail address also finds the account of the contact who has it, by its keyed hash.
    """
    found = Q(name__unaccent__icontains=text) | Q(domain__icontains=text) | Q(source_id__icontains=text)
    if "@" in text:
        digest = hash_address(membership.organization_id, text)
        found |= Q(pk__in=Contact.objects.filter(email_hash=digest).values("account_id"))
    return found


def read_filters(query: QueryDict, *, further: Iterable[str] = (), without: Iterable[str] = ()) -> AccountFilters:
    """The filters of a URL; raises BadFilter for anything unknown.

    Parameters named in `further` are the caller's to read; filters named in `without` do not exist on its screen.
    """
    unknown = (set(query) - set(_READERS) - set(further)) | (set(query) & set(without))
    if unknown:
        raise BadFilter(_("There is no filter named %(name)s.") % {"name": ", ".join(sorted(unknown))})
    read = {}
    for name, reader in _READERS.items():
        # A form sends its empty fields too.
        values = [value.strip() for value in query.getlist(name) if value.strip()]
        if values:
            read[name] = reader(name, values)
    return AccountFilters(**read)


def read_choice(query: QueryDict, name: str, choices: Iterable[str], *, default: str) -> str:
    """One parameter that holds one of `choices`; raises BadFilter for another."""
    values = [value for value in query.getlist(name) if value]
    if not values:
        return default
    return _one_of(choices)(name, values)


def read_number(query: QueryDict, name: str, *, most: int) -> int:
    """A parameter that counts from 1 to `most`, 1 where it is missing; raises BadFilter for anything else."""
    text = query.get(name) or "1"
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= most:
        raise BadFilter(_refuse(name, text))
    return int(text)


def _refuse(name: str, value: str) -> str:
    return _("%(name)s cannot be “%(value)s”.") % {"name": name, "value": value[:40]}


def _single(name: str, values: list[str]) -> str:
    if len(values) > 1:
        raise BadFilter(_refuse(name, ", ".join(values)))
    return values[0]


def _one_of(choices: Iterable[str]) -> Callable[[str, list[str]], str]:
    known = frozenset(choices)

    def read(name: str, values: list[str]) -> str:
        value = _single(name, values)
        if value not in known:
            raise BadFilter(_refuse(name, value))
        return value

    return read


def _some_of(is_known: Callable[[str], object]) -> Callable[[str, list[str]], tuple[str, ...]]:
    def read(name: str, values: list[str]) -> tuple[str, ...]:
        if len(values) > MOST_CHOICES:
            raise BadFilter(_refuse(name, ", ".join(values)))
        for value in values:
            if not is_known(value):
                raise BadFilter(_refuse(name, value))
        return tuple(sorted(set(values)))

    return read


def _read_text(name: str, values: list[str]) -> str:
    text = " ".join(_single(name, values).split())
    if len(text) > MOST_TEXT or "\0" in text:
        raise BadFilter(_refuse(name, text))
    return text


def _read_range(name: str, values: list[str]) -> Range:
    # A form with two number fields of one name sends both ends, low first.
    text = "-".join(values) if len(values) == 2 else _single(name, values)
    ends = re.fullmatch(r"(\d{1,3})-(\d{1,3})", text, re.ASCII)
    if not ends or not int(ends[1]) < int(ends[2]) <= 100:
        raise BadFilter(_refuse(name, text))
    return Range(int(ends[1]), int(ends[2]))


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _any_of(field: str, choices: tuple[str, ...]) -> Q:
    return Q(**{f"{field}__in": ["" if choice == NONE else choice for choice in choices]}) if choices else Q()


def _owned_by(owners: tuple[str, ...]) -> Q:
    condition = Q()
    emails = [owner for owner in owners if owner != NONE]
    if emails:
        condition |= Q(csm_email__in=emails) | Q(am_email__in=emails)
    if NONE in owners:
        condition |= Q(csm_email="", am_email="")
    return condition


_READERS: dict[str, Callable[[str, list[str]], Any]] = {
    "book": _one_of(BOOKS),
    "q": _read_text,
    "segment": _some_of(frozenset(Segment.values).__contains__),
    "tier": _some_of(frozenset([*Account.Tier.values, NONE]).__contains__),
    "owner": _some_of(lambda value: value == NONE or _is_email(value)),
    "country": _some_of(lambda value: value == NONE or re.fullmatch(r"[A-Z]{2}", value)),
    "cohort": _some_of(lambda value: re.fullmatch(r"(19|20)\d\d", value, re.ASCII)),
    "lever": _some_of(frozenset([*Lever.values, NONE]).__contains__),
    "health": _read_range,
    "potential": _read_range,
    "decision": _one_of(DECISIONS),
    "state": _one_of(STATES),
}
assert set(_READERS) == {field.name for field in fields(AccountFilters)}
