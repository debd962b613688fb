"""Calibration: the organization's own outcomes give the weights, where they rank better than the default out of time.

Nights are learned from in their order: a fold is judged only by what was known 90 days and the grace before its first
night. Health (churn) and potential (expansion) are fitted, judged and kept each by itself; the churn curve is fitted to
whichever health is kept, and kept itself where it forecasts better. Its level is then set by the last months, of whose
outcomes a part is known.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.discrimination import (
    Auc,
    Decile,
    Numbers,
    measure_auc,
    measure_log_loss,
    measure_reliability,
    rank_within,
)
from diagnostics.engine import ScoringModel
from diagnostics.engine.contributions import add_known
from diagnostics.engine.risk import estimate_risks
from diagnostics.engine.signals import Score
from diagnostics.fitting import (
    PENALTIES,
    Sample,
    apply_factors,
    correct_curve,
    draw_sample,
    fit_correction,
    fit_curve,
    fit_factors,
)
from diagnostics.model_versions import Overtaken, latest_version, number_in_force, publish_model, starting_model
from diagnostics.models import ModelVersion
from diagnostics.needs import find_voiced_needs
from diagnostics.outcomes import (
    HORIZON_DAYS,
    find_first_night,
    list_months_back,
    list_months_on,
    read_outcomes,
)
from diagnostics.past_nights import PastNight, replay_nights

MOST_NIGHTS = 24
LEAST_ACCOUNTS = 50
FOLDS = 3
LEAST_KNOWN_DAYS = 28  # of a night's 90 that must be known before it says something of the level
# Which score foresees which outcome, and whether a higher score makes it rarer.
FORESEEN: dict[Score, tuple[str, int]] = {"health": ("churned_90d", -1), "potential": ("expanded_90d", 1)}


class TooLittleHistory(ValueError):
    """Too few accounts churned, and too few expanded, to learn from."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What fitting one score came to, out of time. `fitted` and `default` are None where nothing was fitted."""

    score: Score
    accounts: int  # distinct ones with the outcome, over all nights learned from
    default: Auc | None = None
    fitted: Auc | None = None
    default_loss: float = 0.0
    fitted_loss: float = 0.0
    penalty: float = 0.0
    why_not: str = ""
    factors: dict[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        return self.fitted is not None and not self.why_not


@dataclass(frozen=True, slots=True)
class Curve:
    """What fitting the churn curve came to, out of time."""

    default_loss: float
    fitted_loss: float
    reliability: list[Decile]  # of the curve that is kept, before its correction
    mean_forecast: float
    rate: float
    # What the last months say of the curve that is kept: log-odds × slope + shift.
    slope: float = 1.0
    shift: float = 0.0
    recent: int = 0  # nights of those months

    @property
    def kept(self) -> bool:
        return self.fitted_loss < self.default_loss


@dataclass(frozen=True, slots=True)
class Calibration:
    """The outcome of `calibrate`: the model to use from `as_of` on, and why. `number`: the version if published."""

    as_of: date
    nights: list[date]
    trials: dict[Score, Trial]
    curve: Curve | None
    default: ScoringModel
    model: ScoringModel
    number: int | None = None

    @property
    def changed(self) -> bool:
        """Anything of the default was replaced."""
        return any(trial.kept for trial in self.trials.values()) or bool(self.curve and self.curve.kept)


def calibrate(organization_id: uuid.UUID, as_of: date, *, publish: bool = False) -> Calibration:
    """Fit the default model to the outcomes known by `as_of`; writes nothing but, on request, a new version.

    Facts dated after `as_of` change nothing. Raises TooLittleHistory where fewer than 50 accounts churned and fewer
    than 50 expanded, or the nights are too few to judge one by earlier ones; Overtaken where the model in force or its
    thresholds changed meanwhile (then nothing is published).
    """
    with service_context(organization_id):
        find_voiced_needs()
    with service_context(organization_id):
        organization = Organization.objects.get()
        outcomes = read_outcomes(organization, known_by=as_of)
        first = find_first_night()
        nights = list_months_back(outcomes.last_night, first, at_most=MOST_NIGHTS) if first else []
        past = list(replay_nights(organization, nights, outcomes))
        telling = _last_telling_night(as_of, outcomes.grace_days)
        later = list_months_on(outcomes.last_night, telling, at_most=MOST_NIGHTS)[1:]
        number, start = number_in_force(), starting_model(organization)
        found = fit_model(
            past,
            start,
            as_of,
            settled_days=HORIZON_DAYS + outcomes.grace_days,
            recent=list(replay_nights(organization, later, outcomes)) if past else [],
        )
        if publish and found.changed:
            refuse_overtaken(number, start)
            fitted = {"as_of": as_of.isoformat(), "last_night": nights[-1].isoformat(), "nights": len(nights)}
            found = replace(found, number=publish_model(found.model, fitted=fitted).number)
    return found


def refuse_overtaken(number: int, start: ScoringModel) -> None:
    """Raise Overtaken unless version `number` and the thresholds of `start` are still in force; locks them till then.

    A fit takes minutes, and thresholds are people's choices: published over, they would be lost without a word.
    """
    organization = Organization.objects.select_for_update().get()
    latest = latest_version()
    # A night's first version of the default is nobody's choice.
    if latest is not None and latest.number != number and latest.origin != ModelVersion.Origin.DEFAULT:
        raise Overtaken("Another version of the model was published meanwhile.")
    if starting_model(organization).thresholds != start.thresholds:
        raise Overtaken("The amount for defense was changed meanwhile.")


def _last_telling_night(as_of: date, grace_days: int) -> date:
    """The last night of whose 90 days enough is known: whether an end was churn is known after the grace."""
    return as_of - timedelta(days=grace_days + LEAST_KNOWN_DAYS)


def fit_model(
    past: list[PastNight],
    default: ScoringModel,
    as_of: date,
    *,
    settled_days: int,
    recent: Sequence[PastNight] = (),
) -> Calibration:
    """The calibration of a default model by past nights (oldest first); pure. Raises TooLittleHistory.

    `settled_days`: after how many days every outcome of a night is known. `recent`: later nights, known in part.
    """
    nights = [one.night for one in past]
    folds = list(_list_folds(nights, settled_days))
    if not folds:
        raise TooLittleHistory(
            f"{len(nights)} monthly nights with known outcomes before {as_of} are too few to judge one by earlier ones."
        )
    diagnoses = _diagnose_all(past, default)
    trials: dict[Score, Trial] = {}
    model = default
    for score, (outcome, direction) in FORESEEN.items():
        sample = draw_sample(diagnoses.filter("open"), default, score, outcome)
        trials[score] = trial = _try_factors(sample, default, score, direction, folds)
        if trial.kept:
            factors = np.array([trial.factors[name] for name in sample.names])
            model = apply_factors(model, sample, factors, score)
    if all(trial.accounts < LEAST_ACCOUNTS for trial in trials.values()):
        raise TooLittleHistory(
            f"{trials['health'].accounts} accounts churned and {trials['potential'].accounts} expanded in the history "
            f"known on {as_of}; at least {LEAST_ACCOUNTS} of either are needed."
        )
    curve = None
    if trials["health"].accounts >= LEAST_ACCOUNTS:
        curve = _try_curve(past, default, trials["health"], folds)
        # Fitted weights need the curve that was fitted to them; the default's may get a better one.
        if curve.kept or trials["health"].kept:
            model = fit_curve(_diagnose_all(past, model), model)
            slope, shift = _read_level(recent, model, known_by=as_of - timedelta(days=settled_days - HORIZON_DAYS))
            model = correct_curve(model, slope, shift)
            curve = replace(curve, slope=slope, shift=shift, recent=len(recent))
    return Calibration(as_of, nights, trials, curve, default, model)


def _read_level(recent: Sequence[PastNight], model: ScoringModel, *, known_by: date) -> tuple[float, float]:
    """What the nights of the last months say of the model's forecasts: the slope and shift of its log-odds."""
    forecasts, left, known = [], [], []
    for one in recent:
        days = min(HORIZON_DAYS, (known_by - one.night).days)
        rows = one.diagnose(model).filter("open")
        gone = (pl.col("churned_on") <= one.night + timedelta(days=days)).fill_null(False)
        forecasts.append(rows["churn_risk"].to_numpy())
        left.append(rows.select(gone).to_series().to_numpy())
        known.append(np.full(rows.height, days / HORIZON_DAYS))
    if not sum(map(len, forecasts)):
        return 1.0, 0.0
    return fit_correction(_log_odds(np.concatenate(forecasts)), np.concatenate(left), np.concatenate(known))


def _diagnose_all(past: list[PastNight], model: ScoringModel) -> pl.DataFrame:
    return pl.concat(one.diagnose(model) for one in past)


Fold = tuple[NDArray[np.int64], NDArray[np.int64]]  # day numbers of the nights to learn from, and to judge


def _list_folds(nights: list[date], settled_days: int) -> Iterator[Fold]:
    """Successive folds: the last nights are judged by those whose outcomes were known on the fold's first night."""
    from sklearn.model_selection import TimeSeriesSplit  # seconds of import that only who calibrates pays

    size = max(1, len(nights) // (2 * FOLDS))
    epoch = date(1970, 1, 1)
    days = np.array([(night - epoch).days for night in nights], dtype=np.int64)
    for folds in range(min(FOLDS, len(nights) // size - 1), 1, -1):
        split = TimeSeriesSplit(n_splits=folds, test_size=size)
        found = [(days[train], days[test]) for train, test in split.split(days)]
        found = [(train[train + settled_days <= test[0]], test) for train, test in found]
        if all(len(train) for train, _test in found):
            yield from found
            return


def _try_factors(sample: Sample, default: ScoringModel, score: Score, direction: int, folds: list[Fold]) -> Trial:
    """Judge factors out of time; if they are kept, fit them to all rows."""
    accounts = len(set(sample.accounts[sample.labels]))
    event = FORESEEN[score][0].removesuffix("_90d")
    if accounts < LEAST_ACCOUNTS:
        return Trial(score, accounts, why_not=f"{accounts} accounts {event}, at least {LEAST_ACCOUNTS} are needed")
    curve = asdict(default.risk) if score == "health" else dict.fromkeys(asdict(default.risk), 0.0)
    # What potential foresees, no fact of the churn curve may explain: it is a score, not a probability.
    sample = sample if score == "health" else replace(sample, facts=np.zeros_like(sample.facts))

    tests = [
        (sample.of(np.isin(sample.nights, train)), sample.of(np.isin(sample.nights, test))) for train, test in folds
    ]
    tests = [(given, asked) for given, asked in tests if given.labels.any() and not given.labels.all()]
    if not tests:
        return Trial(score, accounts, why_not="no outcome was known early enough to judge later ones by")
    happened = np.concatenate([asked.labels for _given, asked in tests])
    names = [name for _given, asked in tests for name in asked.accounts]

    def foresee(penalty: float | None) -> list[Numbers]:
        """Log-odds of each fold's later nights."""
        fits = (fit_factors(given, curve, direction=direction, penalty=penalty) for given, _asked in tests)
        return [fit.log_odds(asked) for fit, (_given, asked) in zip(fits, tests, strict=True)]

    def rank(foreseen: list[Numbers]) -> Auc:
        folds_of = np.repeat(np.arange(len(foreseen)), [len(odds) for odds in foreseen])
        return measure_auc(happened, rank_within(folds_of, np.concatenate(foreseen)), names)

    by_default = foresee(None)
    tried = {penalty: foresee(penalty) for penalty in PENALTIES}
    losses = {penalty: measure_log_loss(happened, np.concatenate(odds)) for penalty, odds in tried.items()}
    penalty = min(PENALTIES, key=lambda one: losses[one])
    default_loss, fitted_loss = measure_log_loss(happened, np.concatenate(by_default)), losses[penalty]
    default_auc, fitted_auc = rank(by_default), rank(tried[penalty])
    why_not = ""
    if not fitted_auc.reliable:
        why_not = "no reliable signal: its interval includes chance"
    elif default_auc.value is None or fitted_auc.value is None or fitted_auc.value <= default_auc.value:
        why_not = "it ranked no better than the default"
    elif fitted_loss >= default_loss:
        why_not = "its forecasts were no better than the default's"
    factors = {}
    if not why_not:
        fit = fit_factors(sample, curve, direction=direction, penalty=penalty)
        factors = dict(zip(sample.names, (float(factor) for factor in fit.factors), strict=True))
    return Trial(score, accounts, default_auc, fitted_auc, default_loss, fitted_loss, penalty, why_not, factors)


def _try_curve(past: list[PastNight], default: ScoringModel, health: Trial, folds: list[Fold]) -> Curve:
    """Judge the churn curve out of time: curve and weights of earlier nights, forecasts for later ones."""
    outcome, direction = FORESEEN["health"]
    usual = _diagnose_all(past, default)
    nights = usual["night"].to_physical().to_numpy()
    happened, before, after = [], [], []
    for train, test in folds:
        model, judged = default, np.isin(nights, test)
        if health.kept:
            sample = draw_sample(usual.filter(np.isin(nights, train)).filter("open"), default, "health", outcome)
            fit = fit_factors(sample, asdict(default.risk), direction=direction, penalty=health.penalty)
            model = apply_factors(default, sample, fit.factors, "health")
        found = _diagnose_all(past, model) if health.kept else usual
        model = fit_curve(found.filter(np.isin(nights, train)), model)
        rows = judged & usual["churn_risk"].is_not_null().to_numpy()
        happened.append(usual[outcome].to_numpy().astype(bool)[rows])
        before.append(usual["churn_risk"].to_numpy()[rows])
        after.append(_forecast(found, model)[rows])
    labels, default_risk, fitted_risk = np.concatenate(happened), np.concatenate(before), np.concatenate(after)
    default_loss, fitted_loss = (measure_log_loss(labels, _log_odds(risk)) for risk in (default_risk, fitted_risk))
    kept = fitted_risk if health.kept or fitted_loss < default_loss else default_risk
    rates = float(kept.mean()), float(labels.mean())
    return Curve(default_loss, fitted_loss, measure_reliability(labels, kept), *rates)


def _forecast(diagnoses: pl.DataFrame, model: ScoringModel) -> NDArray[np.float64]:
    """churn_risk of rows already diagnosed, by another curve over the same health."""
    known = diagnoses.with_columns(add_known(diagnoses, model, "health"))
    return estimate_risks(known, model)["churn_risk"].to_numpy()


def _log_odds(forecasts: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(forecasts, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped))
