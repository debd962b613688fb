"""What a signal is: one declaration that says everything about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

Score = Literal["health", "potential"]
Source = Literal["usage", "support", "billing", "crm"]

SCORES: tuple[Score, ...] = ("health", "potential")
SOURCES: tuple[Source, ...] = ("usage", "support", "billing", "crm")
TIERS = ("enterprise", "mid_market", "smb")


@dataclass(frozen=True, slots=True)
class Ramp:
    """Squashes a value to a strength: -1 at `worst`, 0 at `neutral`, `reward` at `best`, straight between.

    A side left out is flat at 0: a late invoice lowers health, the absence of one does not raise it. A reward below
    1 says that good news weighs less than bad: many small merits must not drown one cause. `worst` above `neutral`
    means that more is worse. Monotone by construction.
    """

    neutral: float
    worst: float | None = None
    best: float | None = None
    reward: float = 1.0

    def __post_init__(self) -> None:
        if self.worst is None and self.best is None:
            raise ValueError("A ramp needs a worst or a best end.")
        sides = [self.rises(end) for end in (self.worst, self.best) if end is not None]
        if self.worst is not None:
            sides[0] = not sides[0]
        if len(set(sides)) != 1:
            raise ValueError("The neutral value of a ramp lies between its worst and its best.")
        if not 0 < self.reward <= 1:
            raise ValueError("The reward of a ramp lies above 0 and at most at 1.")

    def rises(self, end: float) -> bool:
        return end > self.neutral

    @property
    def direction(self) -> int:
        """1 where a greater value raises the score, -1 where it lowers it."""
        if self.best is not None:
            return 1 if self.rises(self.best) else -1
        assert self.worst is not None
        return -1 if self.rises(self.worst) else 1

    def strength(self, value: pl.Expr) -> pl.Expr:
        """The strength in [-1, reward] of a value; null stays null."""
        parts = []
        if self.worst is not None:
            parts.append(((value - self.neutral) / (self.neutral - self.worst)).clip(-1.0, 0.0))
        if self.best is not None:
            rise = (value - self.neutral) * (self.reward / (self.best - self.neutral))
            parts.append(rise.clip(0.0, self.reward))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]


@dataclass(frozen=True, slots=True)
class Records:
    """The facts behind a contribution: a contract file and a named selection of its rows.

    Kept as names, so that the records are looked up when somebody opens them, not every night.
    """

    file: str
    selection: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentence of a signal in one language, with its figures in **bold**.

    `lowers` is said when the contribution is negative, `raises` when it is positive or zero; the one
    that cannot occur (a one-sided ramp) is left out.
    """

    lowers: str = ""
    raises: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """One cause. `figures` maps each figure of the sentence to its expression; the first is the value.

    Expressions read the feature columns, the measures and the peers' medians. A null value means
    that the source does not know: exactly 0 points, lower confidence. `weight` is the number of
    points at full strength, by tier.
    """

    name: str
    score: Score
    source: Source
    label: tuple[str, str]  # English, French: its name in a table
    figures: Mapping[str, pl.Expr]
    ramp: Ramp
    weight: tuple[float, float, float]  # enterprise, mid_market, smb
    en: Wording
    fr: Wording
    records: tuple[Records, ...]

    @property
    def value_name(self) -> str:
        """The name of the figure that the ramp squashes."""
        return next(iter(self.figures))

    @property
    def direction(self) -> int:
        return self.ramp.direction

    @property
    def weights(self) -> dict[str, float]:
        return dict(zip(TIERS, self.weight, strict=True))
