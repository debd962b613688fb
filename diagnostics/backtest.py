"""What the diagnoses of past nights were worth: ranking, lists, forecasts and signals against what then happened.

Each night is made again from the facts dated up to it, by the model version that diagnosed it, else the one in force:
the same scores, whether the night was ever run or not. Accounts whose loss was already a fact are left out.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.discrimination import Auc, Decile, Numbers, measure_auc, measure_reliability, pick_top
from diagnostics.engine import ScoringModel
from diagnostics.engine.signals import Score
from diagnostics.model_versions import read_model, read_model_in_force
from diagnostics.models import Night
from diagnostics.needs import find_voiced_needs
from diagnostics.outcomes import Outcomes, list_months_on, read_outcomes
from diagnostics.past_nights import replay_nights

LIST_SHARE = 0.2  # of the accounts of a night: the length of every list compared
MOST_NIGHTS = 60
FEW_DRAWS = 100
SIGNAL_OUTCOME: dict[Score, tuple[str, int]] = {"health": ("churned_90d", -1), "potential": ("expanded_90d", 1)}


class NothingToJudge(ValueError):
    """No night of the period whose outcomes are known has accounts."""


@dataclass(frozen=True, slots=True)
class List:
    """What a list of the same length found of the churn, summed over nights."""

    name: str
    arr_recall: float | None  # share of the ARR that churned
    precision: float | None  # share of the list that churned
    found: int  # distinct accounts that churned while listed
    lead_days: float | None  # median over those: from the first night of the unbroken listing to the last day


@dataclass(frozen=True, slots=True)
class SignalWorth:
    """How a signal's points alone ranked its outcome, and by how much the score's AUC falls without it."""

    name: str
    score: Score
    spoke: float  # share of the rows on which it gave points
    auc: Auc
    drop: float

    @property
    def earned(self) -> bool:
        return self.auc.reliable


@dataclass(frozen=True, slots=True)
class Backtest:
    """The track record over `nights`. `unknown`: nights of the period whose outcomes are not known yet.

    `learned`: how many of the nights the model that diagnosed them was fitted on; they prove nothing.
    """

    nights: list[date]
    unknown: int
    learned: int
    rows: int
    churned: int
    expanded: int
    churn: Auc
    health: Auc
    expansion: Auc
    mean_forecast: float
    rate: float
    reliability: list[Decile]
    lists: list[List]
    signals: list[SignalWorth]


def run_backtest(organization_id: uuid.UUID, first: date, last: date, *, known_by: date) -> Backtest:
    """Judge the nights of `first`'s day of the month up to `last` by the outcomes known by `known_by`.

    Writes no diagnosis. Raises NothingToJudge.
    """
    with service_context(organization_id):
        find_voiced_needs()
    with service_context(organization_id):
        organization = Organization.objects.get()
        outcomes = read_outcomes(organization, known_by=known_by)
        asked = list_months_on(first, last, at_most=MOST_NIGHTS)
        nights = [night for night in asked if night <= outcomes.last_night]
        return judge_nights(organization, nights, outcomes, unknown=len(asked) - len(nights))


def judge_nights(organization: Organization, nights: list[date], outcomes: Outcomes, *, unknown: int = 0) -> Backtest:
    """The track record of these nights, in the open context; raises NothingToJudge."""
    in_force, fitted = read_model_in_force(organization)
    versions = {
        record.night: record.model_version
        for record in Night.objects.filter(night__in=nights).select_related("model_version")
    }
    frames, learned = [], 0
    for past in replay_nights(organization, nights, outcomes):
        version = versions.get(past.night)
        model = read_model(version) if version else in_force
        known = version.parameters.get("fitted", {}) if version else fitted
        learned += past.night.isoformat() <= known.get("last_night", "")
        found = past.diagnose(model).filter("open")
        frames.append(found.drop("points", "values", "sources").hstack(_name_points(found, model)))
    frame = pl.concat(frames, how="diagonal") if frames else pl.DataFrame()
    if not frame.height:
        raise NothingToJudge("No night of this period has accounts and known outcomes.")
    return _judge(frame, nights, unknown, learned)


def _name_points(found: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """One column per signal, `score:name`: versions may number their signals differently."""
    return found.select(
        pl.col("points").list.get(number).alias(f"{signal.score}:{signal.name}")
        for number, signal in enumerate(model.declarations)
    )


def _judge(frame: pl.DataFrame, nights: list[date], unknown: int, learned: int) -> Backtest:
    churned, expanded = frame["churned_90d"].to_numpy(), frame["expanded_90d"].to_numpy()
    names = frame["account_id"].to_list()
    risk = frame["churn_risk"].to_numpy()
    # A withheld score ranks nothing: in the middle of the others.
    health, potential = (frame[score].fill_null(frame[score].median() or 0.0).to_numpy() for score in SIGNAL_OUTCOME)
    return Backtest(
        nights=nights,
        unknown=unknown,
        learned=learned,
        rows=frame.height,
        churned=frame.filter("churned_90d")["account_id"].n_unique(),
        expanded=frame.filter("expanded_90d")["account_id"].n_unique(),
        churn=measure_auc(churned, risk, names),
        health=measure_auc(churned, -health, names),
        expansion=measure_auc(expanded, potential, names),
        mean_forecast=float(risk.mean()),
        rate=float(churned.mean()),
        reliability=measure_reliability(churned, risk),
        lists=[_judge_list(frame, name, scores) for name, scores in _list_rules(frame).items()],
        signals=_judge_signals(frame, {"health": health, "potential": potential}),
    )


def _list_rules(frame: pl.DataFrame) -> dict[str, Numbers]:
    """Each rule's score per row, higher = listed first: ours, and what a team without it would go by."""
    use = (pl.col("activity_28").fill_null(0) + 1) / (pl.col("activity_29_56").fill_null(0) + 1)
    days = (pl.coalesce("decision_on", "renews_on") - pl.col("night")).dt.total_days()
    rules = frame.select(
        pl.col("churn_risk").alias("churn_risk"),
        (-use).alias("usage drop"),
        (-pl.when(days >= 0).then(days).fill_null(10_000)).cast(pl.Float64).alias("renewal near"),
        pl.col("arr").fill_null(0.0).alias("largest first"),
    )
    return {column.name: column.to_numpy() for column in rules}


def _judge_list(frame: pl.DataFrame, name: str, scores: Numbers) -> List:
    listed = np.zeros(frame.height, dtype=bool)
    nights = frame["night"].to_physical().to_numpy()
    for night in np.unique(nights):
        rows = np.flatnonzero(nights == night)
        listed[rows] = pick_top(scores[rows], max(1, int(len(rows) * LIST_SHARE)))
    churned, arr = frame["churned_90d"].to_numpy(), frame["arr"].fill_null(0.0).to_numpy()
    lost, hit = arr[churned].sum(), listed & churned
    leads = _measure_leads(frame, listed)
    return List(
        name,
        float(arr[hit].sum() / lost) if lost else None,
        float(churned[listed].mean()),
        len(leads),
        float(np.median(leads)) if leads else None,
    )


def _measure_leads(frame: pl.DataFrame, listed: NDArray[np.bool_]) -> list[int]:
    """Days from the first night of the listing that stood until the churn, for each account that churned listed."""
    rows = frame.select("account_id", "night", "churned_on").with_columns(listed=pl.Series(listed)).sort("night")
    lost = set(frame.filter("churned_90d")["account_id"].to_list())
    history: dict[str, list[tuple[date, bool, date | None]]] = defaultdict(list)
    for account_id, night, churned_on, on_list in rows.iter_rows():
        if account_id in lost:
            history[account_id].append((night, on_list, churned_on))
    leads = []
    for nights in history.values():
        last = max(place for place, row in enumerate(nights) if row[2] is not None)
        first, churned_on = None, nights[last][2]
        for night, on_list, _day in reversed(nights[: last + 1]):
            if not on_list:
                break
            first = night
        if first is not None and churned_on is not None:
            leads.append((churned_on - first).days)
    return leads


def _judge_signals(frame: pl.DataFrame, scores: dict[Score, Numbers]) -> list[SignalWorth]:
    """Every signal that spoke, those that rank best first."""
    worths = []
    names = frame["account_id"].to_list()
    for score, (outcome, direction) in SIGNAL_OUTCOME.items():
        labels = frame[outcome].to_numpy()
        whole = measure_auc(labels, direction * scores[score]).value
        for column in (name for name in frame.columns if name.startswith(f"{score}:")):
            points = frame[column].fill_null(0.0).to_numpy()
            if whole is None or not points.any():
                continue
            without = measure_auc(labels, direction * (scores[score] - points)).value or 0.5
            auc = measure_auc(labels, direction * points, names, draws=FEW_DRAWS)
            spoke = float((points != 0).mean())
            worths.append(SignalWorth(column.partition(":")[2], score, spoke, auc, whole - without))
    return sorted(worths, key=lambda worth: (worth.score, -(worth.auc.value or 0.5)))
