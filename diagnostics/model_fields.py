"""What people may set of the scoring model and of the days around it: one declaration per field.

A field's path names where it stands: `thresholds.NAME` in the model, `weights.SIGNAL.TIER` in the model,
`organization.NAME` among the organization's settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db.models import Field
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.formats import format_money, format_number, format_percent
from accounts.forms import month_choices, time_zone_choices
from accounts.models import Organization
from accounts.numbers import read_number
from diagnostics.engine.signals import BY_NAME, TIERS

Kind = Literal["points", "nights", "days", "share", "money", "choice", "time"]
MOST_WEIGHT = 100
TIER_LABELS: Mapping[str, Any] = {
    "enterprise": _("Enterprise"),
    "mid_market": _("Mid-market"),
    "smb": _("SMB"),
}


class Unfit(ValueError):
    """A value that its field does not take; the message says what it takes."""


@dataclass(frozen=True, slots=True)
class ModelField:
    """One value that people set. Shares are kept as 0.8 and written as 80."""

    path: str
    kind: Kind
    label: Any
    unit: Any = ""
    help: Any = ""
    least: float = 0
    most: float = 100

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def in_organization(self) -> bool:
        """Whether it is a setting of the organization and no part of a model version."""
        return self.path.startswith("organization.")

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The values of a choice with their words."""
        if self.path == "thresholds.value_segment":
            return [
                ("A", gettext("A, 80% of ARR")),
                ("", gettext("None, amount alone")),
            ]
        if self.path == "organization.time_zone":
            return time_zone_choices()
        return [(str(number), name) for number, name in month_choices()]

    def read(self, text: str) -> Any:
        """The value of what somebody wrote; raises Unfit with a sentence for the person."""
        if self.in_organization:
            return self._read_setting(text)
        if self.kind == "choice":
            if text not in dict(self.choices):
                raise Unfit(gettext("Choose one of the values on offer."))
            return text
        value = read_number(text, language=_language())
        if value is None:
            raise Unfit(gettext("Write a number, for example %(example)s.") % {"example": self.write(self.least or 1)})
        if self.kind in ("nights", "days") and value != int(value):
            raise Unfit(gettext("Write a whole number."))
        scaled = value / 100 if self.kind == "share" else value
        if not self.least <= scaled <= self.most:
            words = {"least": self.write(self.least), "most": self.write(self.most)}
            raise Unfit(gettext("Write a number from %(least)s to %(most)s.") % words)
        return int(value) if self.kind in ("nights", "days") else round(scaled, 4)

    def _read_setting(self, text: str) -> Any:
        field = Organization._meta.get_field(self.name)
        assert isinstance(field, Field)
        if self.kind in ("money", "days"):
            number = read_number(text, language=_language())
            if number is None or (self.kind == "days" and number != int(number)):
                raise Unfit(gettext("Write a whole number.") if self.kind == "days" else gettext("Write an amount."))
            text = (
                format(Decimal(repr(number)).quantize(Decimal("0.01")), "f")
                if self.kind == "money"
                else str(int(number))
            )
        try:
            value = field.clean(text, Organization())
        except ValidationError as error:
            raise Unfit(" ".join(error.messages)) from error
        return store(value)

    def write(self, value: Any) -> str:
        """The value as its input holds it, in the reader's language; no grouping, so that it can be edited."""
        if self.kind in ("choice", "time"):
            return str(value)[:5] if self.kind == "time" else str(value)
        shown = round(float(value) * (100 if self.kind == "share" else 1), 4)
        text = f"{shown:.4f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if _language().startswith("fr") else text

    def show(self, value: Any, *, currency: str = "") -> str:
        """The value in a sentence, with its unit."""
        language = _language()
        if self.kind == "choice":
            return dict(self.choices).get(str(value), str(value))
        if self.kind == "time":
            return str(value)[:5]
        if self.kind == "money":
            return format_money(Decimal(str(value)), currency, language=language)
        if self.kind == "share":
            return format_percent(float(value), language=language)
        digits = 0 if float(value) == int(float(value)) else 2
        return format_number(float(value), language=language, digits=digits)


def _language() -> str:
    return get_language() or "en"


def store(value: Any) -> Any:
    """A setting as JSON keeps it; `load` reads it back."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, time) else value


_POINTS = _("points")
_NIGHTS = _("nights")
_DAYS = _("days")

# In the order of the page; the heading of each group stands before it.
GROUPS: tuple[tuple[Any, tuple[ModelField, ...]], ...] = (
    (
        _("Fragile and recovered"),
        (
            ModelField("thresholds.fragile_below", "points", _("Fragile below"), _("health")),
            ModelField("thresholds.fragile_nights", "nights", _("Fragile after"), _NIGHTS, "", 1, 60),
            ModelField("thresholds.recovered_from", "points", _("Recovered from"), _("health")),
            ModelField("thresholds.recovered_nights", "nights", _("Recovered after"), _NIGHTS, "", 1, 60),
        ),
    ),
    (
        _("Defense and expansion"),
        (
            ModelField(
                "organization.defense_arr",
                "money",
                _("Defended from"),
                "",
                _("ARR from which a fragile account is defended."),
            ),
            ModelField(
                "thresholds.value_segment",
                "choice",
                _("Or by value segment"),
                "",
                _("A: the largest accounts, which make 80% of ARR."),
            ),
            ModelField("thresholds.high_potential_from", "points", _("High potential from"), _("potential")),
            ModelField("thresholds.high_potential_until", "points", _("Until it falls below"), _("potential")),
        ),
    ),
    (
        _("Growth windows"),
        (
            ModelField("thresholds.healthy_nights", "nights", _("Opens after"), _NIGHTS, _("healthy ones"), 1, 60),
            ModelField("thresholds.window_closes_below", "points", _("Closes below"), _("health")),
            ModelField("thresholds.limit_share", "share", _("Upsell from"), "%", _("of a plan’s limit"), 0.1, 2),
            ModelField("thresholds.limit_days", "days", _("Or full within"), _DAYS, "", 1, 730),
            ModelField("thresholds.seat_share", "share", _("Seats from"), "%", _("of licensed seats active"), 0.1, 2),
            ModelField(
                "thresholds.solid_adoption", "share", _("Cross-sell from"), "%", _("of comparable breadth"), 0.1, 3
            ),
        ),
    ),
    (
        _("Days and nights"),
        (
            ModelField("organization.night_at", "time", _("Local night")),
            ModelField("organization.time_zone", "choice", _("Time zone")),
            ModelField("organization.fiscal_year_first_month", "choice", _("Fiscal year begins")),
            ModelField(
                "organization.late_renewal_grace_days",
                "days",
                _("Late-renewal grace"),
                _DAYS,
                _("A renewal signed so late still counts as renewed."),
            ),
            ModelField(
                "organization.priorities_a_day",
                "days",
                _("Priorities a person and day"),
                "",
                _("What one person can finish; the rest is listed as left out, with its reason."),
            ),
            ModelField(
                "organization.cooldown_days",
                "days",
                _("Cool-down of a pitch"),
                _DAYS,
                _("The same pitch is not made to an account again before."),
            ),
        ),
    ),
)


@lru_cache(maxsize=512)
def weight_field(signal: str, tier: str) -> ModelField:
    """The points at full strength of one signal in one tier."""
    return ModelField(f"weights.{signal}.{tier}", "points", signal, _POINTS, "", 0, MOST_WEIGHT)


SETTINGS = {field.path: field for _heading, fields in GROUPS for field in fields}


def find_field(path: str) -> ModelField | None:
    """The field of a path; None where nobody may set it."""
    if path in SETTINGS:
        return SETTINGS[path]
    kind, _dot, rest = path.partition(".")
    signal, _dot, tier = rest.partition(".")
    return weight_field(signal, tier) if kind == "weights" and signal in BY_NAME and tier in TIERS else None


def name_field(path: str) -> str:
    """The field in words, with its group or tier, for a list of changes."""
    field = SETTINGS.get(path)
    if field is None:
        _kind, signal, tier = path.split(".")
        label = BY_NAME[signal].label[_language().startswith("fr")]
        return f"{label}, {TIER_LABELS[tier]}"
    return {
        "thresholds.fragile_nights": gettext("Fragile after (nights)"),
        "thresholds.recovered_nights": gettext("Recovered after (nights)"),
        "thresholds.high_potential_until": gettext("High potential until below"),
        "thresholds.healthy_nights": gettext("Healthy nights before a window opens"),
        "thresholds.window_closes_below": gettext("A window closes below"),
        "thresholds.limit_days": gettext("Upsell where a limit is full within (days)"),
        "thresholds.value_segment": gettext("Defended value segment"),
        "organization.defense_arr": gettext("Amount for defense"),
    }.get(path, str(field.label))
