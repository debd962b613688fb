"""Causes in words: contributions of a diagnosis as the screens show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from diagnostics.engine import Contribution, ScoringModel, read_contributions
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Night

SOURCES = ("usage", "support", "billing", "crm")
STALE = 1


@dataclass(slots=True)
class Cause:
    """One reason, in a sentence with **bold** figures. `number` is None where no signal of the model says it.

    `points`: what it adds to its score, or how much that changed, of which `by_rules` by other weights. `late`: the
    last day that a stale source knows.
    """

    sentence: str
    source: str
    label: str
    points: float = 0.0
    score: str = "health"
    number: int | None = None
    name: str = ""
    late: date | None = None
    before: float | None = None
    by_rules: float = 0.0
    contribution: Contribution | None = None


class CauseReader:
    """Reads the causes of one night's diagnoses in one language."""

    def __init__(self, night: Night, *, language: str, currency: str) -> None:
        self.night = night
        self.language = "fr" if language.startswith("fr") else "en"
        self.currency = currency
        self.model: ScoringModel = read_model(night.model_version)

    def contributions(self, diagnosis: Diagnosis) -> list[Contribution]:
        """All contributions in the order of their numbers."""
        return read_contributions(self.model, diagnosis.points, diagnosis.values)

    def describe(self, contribution: Contribution, diagnosis: Diagnosis) -> Cause:
        """One contribution as a cause."""
        texts = {"limit_metric": diagnosis.limit_metric}
        return Cause(
            sentence=contribution.sentence(self.language, currency=self.currency, night=self.night.night, texts=texts),
            source=contribution.source,
            label=contribution.label(self.language),
            points=contribution.points,
            score=contribution.score,
            number=contribution.number,
            name=contribution.name,
            late=self.late(contribution.source, diagnosis.sources),
            contribution=contribution,
        )

    def by_number(self, diagnosis: Diagnosis, numbers: Sequence[int]) -> list[Cause]:
        """The causes with these signal numbers, in this order."""
        contributions = self.contributions(diagnosis)
        return [self.describe(contributions[number - 1], diagnosis) for number in numbers]

    def weigh(self, diagnosis: Diagnosis, score: str) -> list[Contribution]:
        """Every contribution that adds to or takes from a score, heaviest first, without its words."""
        given = [c for c in self.contributions(diagnosis) if c.score == score and c.points]
        return sorted(given, key=lambda c: (-abs(c.points), c.number))

    def heaviest(self, diagnosis: Diagnosis, score: str) -> list[Cause]:
        """The same in words; they and the base make the score."""
        return [self.describe(given, diagnosis) for given in self.weigh(diagnosis, score)]

    def late(self, source: str, states: Sequence[int]) -> date | None:
        """The last day that the source knows, where it is stale for this account."""
        if source not in SOURCES or states[SOURCES.index(source)] != STALE:
            return None
        return getattr(self.night, f"{source}_known_to")
