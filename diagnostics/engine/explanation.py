"""A diagnosis in words: contributions read back from the arrays of a row, written when they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from .model import SCALE, STEP, ScoringModel
from .sentences import Figure, name_metric
from .signals import BY_NAME, SCORES, TIERS, Records

UNKNOWN = "–"
SCALE_LABELS = {"en": "End of the scale", "fr": "Bout de l’échelle"}
SCALE_SENTENCES = {
    "en": "The scale ends at 0 and at 100.",
    "fr": "L’échelle s’arrête à 0 et à 100.",
}


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one signal added to a score. `figures` are null-free where `known`; dates are days since 1970."""

    number: int
    name: str
    score: str
    points: float
    figures: Mapping[str, float | None]

    @property
    def known(self) -> bool:
        """Whether the signal spoke: its value was known and it applied to the account."""
        return next(iter(self.figures.values()), 0.0) is not None

    @property
    def value(self) -> float | None:
        """The figure that its points come from; None where it did not speak."""
        return next(iter(self.figures.values()), None)

    @property
    def source(self) -> str:
        return BY_NAME[self.name].source if self.name in BY_NAME else "scale"

    @property
    def records(self) -> tuple[Records, ...]:
        """The contract files and selections behind it."""
        return BY_NAME[self.name].records if self.name in BY_NAME else ()

    def label(self, language: str) -> str:
        """Its short name, for a table."""
        if self.name not in BY_NAME:
            return SCALE_LABELS[language]
        return BY_NAME[self.name].label[language == "fr"]

    def sentence(
        self,
        language: str,
        *,
        currency: str = "",
        night: date | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> str:
        """The cause in one sentence, figures in **bold**; '' where the signal did not speak.

        `texts` holds the words that are no figures: `limit_metric`, as it stands on the diagnosis. `night` lets
        near dates drop their year.
        """
        if self.name not in BY_NAME:
            return SCALE_SENTENCES[language]
        if not self.known:
            return ""
        signal = BY_NAME[self.name]
        wording = signal.fr if language == "fr" else signal.en
        template = (wording.lowers or wording.raises) if self.points < 0 else (wording.raises or wording.lowers)
        metric = (texts or {}).get("limit_metric") or ""
        words: dict[str, object] = {"limit_metric": name_metric(metric, language)}
        for name, value in self.figures.items():
            words[name] = _Unknown() if value is None else Figure(value, language, currency, night)
        return template.format_map(words)


class _Unknown:
    def __format__(self, spec: str) -> str:
        return UNKNOWN


def read_contributions(
    model: ScoringModel, points: Sequence[float], values: Sequence[float | None]
) -> list[Contribution]:
    """All contributions of one diagnosis in the order of their numbers, the ends of the scale last."""
    contributions = []
    for number, (name, amount) in enumerate(zip(model.names, points, strict=True), start=1):
        if name in BY_NAME:
            signal = BY_NAME[name]
            # No place: the figure is newer than the diagnosis.
            places = model.places[name].items()
            figures = {figure: None if place is None else values[place] for figure, place in places}
            contributions.append(Contribution(number, name, signal.score, amount, figures))
        else:
            score = next(score for score in SCORES if SCALE[score] == name)
            contributions.append(Contribution(number, name, score, amount, {}))
    return contributions


def reweigh(
    contributions: Sequence[Contribution], model: ScoringModel, before: ScoringModel, was: Mapping[str, Contribution]
) -> dict[str, float]:
    """What the figures of one diagnosis would have given under another model's weights, points by name.

    Only signals that both models have, and the ends of the scale. The tier is the one whose weights give the points
    that stand. `was`: the earlier contributions by name; where a figure has not changed, neither have its points.
    """
    given = {c.name: c for c in contributions}
    shared = [name for name in given if name in BY_NAME and name in before.weights and name in was]
    strengths = _measure_strengths([given[name] for name in shared])
    tier = _find_tier(given, strengths, model)
    points = {
        name: was[name].points
        if given[name].known and given[name].value == was[name].value
        else _weigh(strengths[name], before.weights[name][tier])
        for name in shared
    }
    for name in shared:
        # The same weights: what stands is exact, and a stored figure has seven digits only.
        if before.weights[name] == model.weights[name]:
            points[name] = given[name].points
    for score in SCORES:
        end = SCALE[score]
        gone = [c.points for name, c in was.items() if c.score == score and name in BY_NAME and name not in given]
        raw = before.base[score] + sum(points[name] for name in shared if BY_NAME[name].score == score) + sum(gone)
        points[end] = min(max(raw, 0.0), 100.0) - raw
    return points


def _measure_strengths(contributions: Sequence[Contribution]) -> dict[str, float]:
    """The strength in [-1, reward] of each value; 0 where the signal did not speak."""
    if not contributions:
        return {}
    row = pl.select(
        BY_NAME[c.name].ramp.strength(pl.lit(c.value, dtype=pl.Float64)).fill_null(0.0).alias(c.name)
        for c in contributions
    )
    return row.row(0, named=True)


def _find_tier(given: Mapping[str, Contribution], strengths: Mapping[str, float], model: ScoringModel) -> str:
    def count_matches(tier: str) -> int:
        return sum(
            _weigh(strength, model.weights[name][tier]) == given[name].points for name, strength in strengths.items()
        )

    # Of equals the one that an account without a tier takes.
    return max(("mid_market", *TIERS), key=count_matches)


def _weigh(strength: float, weight: float) -> float:
    return round(strength * weight * STEP) / STEP + 0.0
