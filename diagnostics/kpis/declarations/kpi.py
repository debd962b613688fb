"""One declaration per KPI: everything that a screen, the export and docs/kpis.md say of it."""

from dataclasses import dataclass, field
from enum import StrEnum

type Words = tuple[str, str]  # English, French


class Unit(StrEnum):
    """As in kpis.csv."""

    RATIO = "ratio"
    CURRENCY = "currency"
    DAYS = "days"
    COUNT = "count"
    SCORE = "score"


class Part(StrEnum):
    """Where a KPI stands on the screen and in the docs."""

    MOVEMENTS = "movements"
    DEFENDED = "defended"
    ADDED = "added"
    EXECUTION = "execution"
    SUCCESS = "success"


class Switch(StrEnum):
    """What an organization decides and every figure under it names."""

    REACTIVATION = "reactivation"
    GRACE = "grace"
    PERSONS = "persons"


class Owner(StrEnum):
    """Whose owner answers: that of day 1, of the decision date, or of the closing day."""

    START = "day 1"
    DECISION = "the decision date"
    CLOSE = "the closing day"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What others reached, from a source that can be looked up."""

    text: Words
    source: str
    year: int


@dataclass(frozen=True, slots=True)
class Kpi:
    """`definition`: one sentence. `formula`: numerator ÷ denominator. `moved`: what to do when it moves.

    `details`: what follows the name after a colon, with its own unit where that differs.
    """

    name: str
    part: Part
    unit: Unit
    label: Words
    definition: Words
    formula: Words
    moved: Words
    owner: Owner = Owner.CLOSE
    switches: tuple[Switch, ...] = ()
    benchmark: Benchmark | None = None
    details: dict[str, Words] = field(default_factory=dict)
    detail_units: dict[str, Unit] = field(default_factory=dict)
    # Whether more of it is better; None where neither is.
    more_is_better: bool | None = True

    def unit_of(self, detail: str) -> Unit:
        """The unit of the headline ('') or of a detail."""
        return self.detail_units.get(detail, self.unit)
