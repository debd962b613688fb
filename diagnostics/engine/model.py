"""A scoring model: the weights, thresholds and curves of one version, frozen once published."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import polars as pl

from .signals import BY_NAME, SCORES, SIGNALS, TIERS, Signal

# The ends of the scale: what a score would exceed below 0 or above 100 is given back as a contribution
# of its own, so that base + contributions is the score to the last digit.
SCALE = {"health": "health_scale", "potential": "potential_scale"}
STEP = 16  # points are multiples of 1/16: sums are exact in binary and in decimal


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the segments begin and end. Nights count diagnosed nights; amounts are yearly."""

    fragile_below: float = 60.0
    fragile_nights: int = 2
    recovered_from: float = 63.0
    recovered_nights: int = 14
    high_potential_from: float = 60.0
    high_potential_until: float = 57.0
    value_amount: float | None = None  # ARR from which a fragile account is defended whatever its value segment
    value_segment: str = "A"
    healthy_nights: int = 14  # nights at fragile_below or more before a growth window opens
    window_closes_below: float = 55.0
    risk_window_days: int = 90
    limit_share: float = 0.8  # use of a plan's limit from which its next step is room
    limit_days: int = 90  # or the days within which it will be full
    seat_share: float = 0.85
    solid_adoption: float = 0.8  # breadth against comparable accounts from which adoption is solid


@dataclass(frozen=True, slots=True)
class RiskCurve:
    """The default curves: log-odds, linear in health and in facts. docs/diagnosis.md says where from."""

    churn_at_base: float = -3.3  # health at its base, nothing else known: 3.6 % in 90 days
    churn_per_point: float = -0.055
    churn_no_decision: float = -1.6  # no term ends within the window
    churn_decision: float = 0.25  # one does
    churn_late: float = 2.0  # the subscription ended and is not renewed yet
    churn_noticed: float = 5.5  # notice given, the end lies within the window
    churn_noticed_later: float = 1.0  # notice given, the end lies beyond it
    renewal_at_base: float = -2.2  # 10 % of decisions go against us
    renewal_per_point: float = -0.05
    renewal_auto: float = -0.4
    renewal_noticed: float = 6.5


@dataclass(frozen=True)
class ScoringModel:
    """One version of the rules. `signals` fixes the numbering: signal number n is `signals[n - 1]`.

    `weights` are points at full strength by signal and tier; an account without a tier takes
    `mid_market`. The two pseudo-signals of `SCALE` close the list.
    """

    version: int = 0
    base: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({"health": 72.0, "potential": 38.0}))
    signals: tuple[str, ...] = tuple(signal.name for signal in SIGNALS)
    weights: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: MappingProxyType({signal.name: signal.weights for signal in SIGNALS})
    )
    thresholds: Thresholds = Thresholds()
    risk: RiskCurve = RiskCurve()

    def __post_init__(self) -> None:
        unknown = [name for name in self.signals if name not in BY_NAME]
        if unknown:
            raise ValueError(f"This engine has no signal named {', '.join(unknown)}.")
        for name in self.signals:
            if set(self.weights[name]) != set(TIERS) or min(self.weights[name].values()) < 0:
                raise ValueError(f"The weights of {name} must be given for each tier and not be negative.")
        if any(base * STEP % 1 for base in self.base.values()):
            raise ValueError("A base is a multiple of 1/16.")

    def __hash__(self) -> int:
        return hash((self.version, self.signals))

    @cached_property
    def declarations(self) -> tuple[Signal, ...]:
        """The signals in the order of their numbers."""
        return tuple(BY_NAME[name] for name in self.signals)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names by number, the two ends of the scale included: as long as `points`."""
        return (*self.signals, *(SCALE[score] for score in SCORES))

    @cached_property
    def figures(self) -> tuple[pl.Expr, ...]:
        """The distinct figures of all signals, in the order of the list `values`."""
        distinct = {str(figure): figure for signal in self.declarations for figure in signal.figures.values()}
        return tuple(distinct.values())

    @cached_property
    def places(self) -> dict[str, dict[str, int]]:
        """Where in `values` (counted from 0) each signal's figures stand; signals share equal figures."""
        place = {str(figure): index for index, figure in enumerate(self.figures)}
        return {
            signal.name: {name: place[str(figure)] for name, figure in signal.figures.items()}
            for signal in self.declarations
        }

    def number_of(self, name: str) -> int:
        """The 1-based number of a signal, which is its subscript in a PostgreSQL array."""
        return self.names.index(name) + 1

    def with_weights(self, weights: Mapping[str, Mapping[str, float]], *, version: int) -> "ScoringModel":
        """The same model with some weights replaced."""
        merged = {name: dict(weights.get(name, self.weights[name])) for name in self.signals}
        return replace(self, weights=MappingProxyType(merged), version=version)

    def to_json(self) -> str:
        """Canonical JSON: the same model always gives the same text."""
        document = {
            "version": self.version,
            "base": dict(self.base),
            "signals": list(self.signals),
            "weights": {name: dict(self.weights[name]) for name in self.signals},
            "thresholds": asdict(self.thresholds),
            "risk": asdict(self.risk),
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "ScoringModel":
        """The model that `to_json` wrote. Raises `ValueError` where a signal is unknown here."""
        document = json.loads(text)
        return cls(
            version=document["version"],
            base=MappingProxyType(document["base"]),
            signals=tuple(document["signals"]),
            weights=MappingProxyType(document["weights"]),
            thresholds=Thresholds(**document["thresholds"]),
            risk=RiskCurve(**document["risk"]),
        )


DEFAULT_MODEL = ScoringModel()
