"""Fitting a scoring model to outcomes: logistic, no weight against its signal's direction, drawn to the default.

Pure: nights in, models out. A weight is the default's times a factor that is never negative; the penalty draws each
factor to 1 (to 0 where the default gives no points). A signal that never spoke (a source not connected; notice, after
which there is nothing to foresee) keeps the default's points.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from diagnostics.discrimination import Numbers
from diagnostics.engine import ScoringModel
from diagnostics.engine.contributions import add_known
from diagnostics.engine.model import STEP
from diagnostics.engine.signals import TIERS, Score

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
UNWEIGHTED_POINTS = 10.0  # the scale of a signal to which the default gives no points
LEAST_SLOPE = 0.01  # log-odds per point; below it the default score says nothing, and draws nothing to it
FREE = math.inf
CURVE_SPREAD = 1.5  # log-odds by which the facts of the risk curve move freely from the default
# Which slopes and levels are likely before anything is known: those near the default's. A short history has seen few
# kinds of accounts, and a curve that is free to fit them says of the others what nobody has seen.
POINT_SPREAD = 0.01  # log-odds per point of health
LEVEL_SPREAD = 0.5  # log-odds
# By how much the last months move a curve: what a quarter usually differs from the one before.
SHIFT_SPREAD, SLOPE_SPREAD = 0.3, 0.1
# A loss within 90 days stands in three monthly nights, so that three rows say as much as one.
OVERLAP = 3.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to learn from: strengths × units of one score's signals, the risk curve's facts, and the outcomes.

    `units`: the points at full strength, by signal and tier, that a factor of 1 means.
    """

    names: tuple[str, ...]
    units: Mapping[str, Mapping[str, float]]
    prior: Numbers  # factor of each signal in the default: 1 or 0
    points: Numbers  # rows × signals
    facts: Numbers  # rows × FACTS
    labels: NDArray[np.bool_]
    nights: NDArray[np.int64]  # day numbers
    accounts: NDArray[np.str_]

    def of(self, rows: NDArray[np.bool_]) -> "Sample":
        """The chosen rows."""
        return replace(
            self,
            points=self.points[rows],
            facts=self.facts[rows],
            labels=self.labels[rows],
            nights=self.nights[rows],
            accounts=self.accounts[rows],
        )

    @property
    def default_score(self) -> Numbers:
        """Each row's points by the default weights."""
        return self.points @ self.prior


def draw_sample(diagnoses: pl.DataFrame, model: ScoringModel, score: Score, outcome: str) -> Sample:
    """The rows of `diagnoses` (by `PastNight.diagnose` with this model) as a sample of one outcome."""
    signals = [signal for signal in model.declarations if signal.score == score]
    units, prior = {}, []
    for signal in signals:
        weights = dict(model.weights[signal.name])
        speaks = max(weights.values()) > 0
        units[signal.name] = weights if speaks else dict.fromkeys(TIERS, UNWEIGHTED_POINTS)
        prior.append(float(speaks))
    columns = []
    for signal in signals:
        place = model.places[signal.name][signal.value_name]
        unit = pl.col("tier").replace_strict(
            units[signal.name], default=units[signal.name]["mid_market"], return_dtype=pl.Float64
        )
        # Of a withheld score, what is known: as the risk curve takes it.
        strength = signal.ramp.strength(pl.col("values").list.get(place)).fill_null(0.0)
        columns.append((strength * unit).alias(signal.name))
    return Sample(
        names=tuple(signal.name for signal in signals),
        units=units,
        prior=np.array(prior),
        points=diagnoses.select(columns).to_numpy().astype(float),
        facts=_list_facts(diagnoses, model),
        labels=diagnoses[outcome].to_numpy().astype(bool),
        nights=diagnoses["night"].to_physical().to_numpy().astype(np.int64),
        accounts=diagnoses["account_id"].to_numpy().astype(str),
    )


# The facts of the risk curve, by the name of their coefficient, and on which side of 0 each lies for certain.
FACTS: dict[str, tuple[float | None, float | None]] = {
    "churn_no_decision": (None, None),
    "churn_decision": (None, None),
    "churn_late": (0.0, None),
    "churn_noticed": (0.0, None),
    "churn_noticed_later": (0.0, None),
}


def _list_facts(diagnoses: pl.DataFrame, model: ScoringModel) -> Numbers:
    """Rows × FACTS of zeros and ones, by the rules of the engine's risk curve."""
    noticed, late = pl.col("notice_given_on").is_not_null(), pl.col("lapsed_on").is_not_null()
    days = (pl.coalesce("ends_on", "renews_on") - pl.col("night")).dt.total_days()
    within = (days <= model.thresholds.risk_window_days).fill_null(True)
    plain = ~noticed & ~late & pl.col("renews_on").is_not_null()
    facts = (plain & ~within, plain & within, ~noticed & late, noticed & within, noticed & ~within)
    named = (fact.cast(pl.Float64).alias(name) for name, fact in zip(FACTS, facts, strict=True))
    return diagnoses.select(named).to_numpy()


def fit_log_odds(
    columns: Numbers,
    labels: NDArray[np.bool_],
    *,
    prior: Sequence[float] | Numbers,
    spread: Sequence[float] | Numbers,
    bounds: Sequence[tuple[float | None, float | None]],
    overlap: float = 1.0,
) -> Numbers:
    """Coefficients that make the penalised log-loss least:
    sum of log-losses ÷ overlap + ½ Σ ((coefficient − prior) ÷ spread)².

    An infinite spread leaves a coefficient free. `overlap`: how many rows tell of one outcome. Bounds hold exactly
    (L-BFGS-B), which scikit-learn's logistic regression does not offer.
    """
    from scipy.optimize import minimize  # 0.5 s that only who fits pays

    centre, pull = np.asarray(prior, dtype=float), 1 / np.asarray(spread, dtype=float) ** 2
    hits = labels.astype(float)

    def lose(coefficients: Numbers) -> tuple[float, Numbers]:
        log_odds = columns @ coefficients
        off = coefficients - centre
        loss = (np.logaddexp(0.0, log_odds) - hits * log_odds).sum() / overlap + (pull * off**2).sum() / 2
        slope = columns.T @ (_probability(log_odds) - hits) / overlap + pull * off
        return float(loss), slope

    found: Any = minimize(lose, centre, jac=True, method="L-BFGS-B", bounds=list(bounds), options={"maxiter": 2000})
    return np.asarray(found.x)


def _probability(log_odds: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-np.clip(log_odds, -60, 60)))


@dataclass(frozen=True, slots=True)
class Fit:
    """Log-odds = direction × (points · factors) × slope + facts · curve + intercept."""

    direction: int
    slope: float
    factors: Numbers
    curve: Numbers
    intercept: float

    def log_odds(self, sample: Sample) -> Numbers:
        """Of each row of a sample with the same signals."""
        return self.direction * self.slope * (sample.points @ self.factors) + sample.facts @ self.curve + self.intercept


def fit_factors(sample: Sample, curve: Mapping[str, float], *, direction: int, penalty: float | None) -> Fit:
    """Factors of the sample's signals; `penalty` None keeps the default's and fits slope, facts and intercept alone.

    `direction`: −1 where a higher score makes the outcome rarer. `curve`: the default coefficients of the facts.
    """
    facts_prior = [curve[name] for name in FACTS]
    facts_spread = [CURVE_SPREAD] * len(FACTS)
    signed = direction * sample.points
    intercept = np.ones((len(signed), 1))
    plain = np.hstack([direction * sample.default_score[:, None], sample.facts, intercept])
    rest_bounds = [*FACTS.values(), (None, None)]
    found = fit_log_odds(
        plain,
        sample.labels,
        prior=[0.05, *facts_prior, -3.0],
        spread=[FREE, *facts_spread, FREE],
        bounds=[(LEAST_SLOPE, None), *rest_bounds],
    )
    slope = float(found[0])
    if penalty is None:
        return Fit(direction, slope, sample.prior, found[1:-1], float(found[-1]))
    count = len(sample.names)
    found = fit_log_odds(
        np.hstack([signed * slope, sample.facts, intercept]),
        sample.labels,
        prior=[*sample.prior, *found[1:-1], found[-1]],
        spread=[*[1 / math.sqrt(penalty)] * count, *facts_spread, FREE],
        bounds=[*[(0.0, None)] * count, *rest_bounds],
    )
    return Fit(direction, slope, found[:count], found[count:-1], float(found[-1]))


def apply_factors(model: ScoringModel, sample: Sample, factors: Numbers, score: Score) -> ScoringModel:
    """The model with the fitted weights of one score, on the scale that its thresholds are made for.

    Median and spread of the sample's scores stay those of the default, so 60 keeps its meaning; the base takes up what
    the median would have moved. Weights are whole sixteenths.
    """
    before, after = sample.default_score, sample.points @ factors
    scale = float(before.std() / after.std()) if after.std() > 0 else 1.0
    spoke = sample.points.any(axis=0)
    weights = {
        name: {tier: round(unit * factor * scale * STEP) / STEP for tier, unit in sample.units[name].items()}
        for name, factor, heard in zip(sample.names, factors, spoke, strict=True)
        if heard
    }
    moved = float(np.median(before) - np.median(after) * scale)
    base = round((model.base[score] + moved) * STEP) / STEP
    changed = model.with_weights(weights, version=model.version)
    # The same health renews as surely as before, wherever the base stands.
    renewal = model.risk.renewal_at_base
    if score == "health":
        renewal += model.risk.renewal_per_point * (base - model.base[score])
    risk = replace(model.risk, renewal_at_base=round(renewal, 6))
    return replace(changed, base=MappingProxyType({**model.base, score: base}), risk=risk)


def fit_curve(diagnoses: pl.DataFrame, model: ScoringModel) -> ScoringModel:
    """The model with the churn curve fitted to what it says of these nights: intercept, slope and facts.

    `diagnoses` are by the model itself. Facts that never occurred keep the default's coefficient.
    """
    frame = diagnoses.filter(pl.col("churn_risk").is_not_null())
    base = model.base["health"]
    points = add_known(frame, model, "health").to_numpy() - base
    columns = np.hstack([points[:, None], _list_facts(frame, model), np.ones((len(points), 1))])
    risk = model.risk
    found = fit_log_odds(
        columns,
        frame["churned_90d"].to_numpy().astype(bool),
        prior=[risk.churn_per_point, *(getattr(risk, name) for name in FACTS), risk.churn_at_base],
        spread=[POINT_SPREAD, *[CURVE_SPREAD] * len(FACTS), LEVEL_SPREAD],
        bounds=[(None, 0.0), *FACTS.values(), (None, None)],
        overlap=OVERLAP,
    )
    given = dict(zip(("churn_per_point", *FACTS, "churn_at_base"), (round(float(x), 6) for x in found), strict=True))
    return replace(model, risk=replace(risk, **given))


def fit_correction(log_odds: Numbers, labels: NDArray[np.bool_], known: Numbers) -> tuple[float, float]:
    """Slope and shift by which forecasts for 90 days come to what the last nights have shown so far.

    `known`: the part of each row's 90 days of which it is known who left, above 0 and at most 1. Within it an account
    leaves with 1 − (1 − p) ** known. A book that grows older or a market that turns moves the level between the nights
    learned from and those foreseen; the last months, whose outcomes are half known, say so first.
    """
    from scipy.optimize import minimize

    hits = labels.astype(float)

    def lose(coefficients: Numbers) -> tuple[float, Numbers]:
        moved = log_odds * coefficients[0] + coefficients[1]
        staying = known * np.logaddexp(0.0, moved)  # minus the logarithm of the chance to be still there
        leaving = -np.expm1(-staying)
        off = (coefficients - (1.0, 0.0)) / (SLOPE_SPREAD, SHIFT_SPREAD)
        loss = ((1 - hits) * staying - hits * np.log(leaving)).sum() / OVERLAP + (off**2).sum() / 2
        by_row = known * _probability(moved) * ((1 - hits) - hits * np.exp(-staying) / leaving)
        slope = np.array([(by_row * log_odds).sum(), by_row.sum()]) / OVERLAP + off / (SLOPE_SPREAD, SHIFT_SPREAD)
        return float(loss), slope

    found: Any = minimize(lose, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)])
    return float(found.x[0]), float(found.x[1])


def correct_curve(model: ScoringModel, slope: float, shift: float) -> ScoringModel:
    """The model with its churn curve so corrected; what facts add (notice, a late renewal) stays as it is."""
    risk = model.risk
    given = {
        "churn_per_point": risk.churn_per_point * slope,
        "churn_at_base": risk.churn_at_base * slope + shift,
        "churn_no_decision": risk.churn_no_decision * slope,
        "churn_decision": risk.churn_decision * slope,
    }
    return replace(model, risk=replace(risk, **{name: round(value, 6) for name, value in given.items()}))
