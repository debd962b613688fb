"""What the diagnoses of past nights were worth: ranking, lists, forecasts and signals against what then happened.

Each night is made again from the facts dated up to it, by the model version that diagnosed it, else the one in force:
the same scores, whether the night was ever run or not. Accounts whose loss was already a fact are left out.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.discrimination import (
    Auc,
    Decile,
    Numbers,
    Share,
    measure_auc,
    measure_reliability,
    measure_share,
    pick_top,
)
from diagnostics.engine import ScoringModel
from diagnostics.engine.contributions import add_known
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
    """What a list of the same length found of the churn, summed over nights.

    An account that churned within 90 days of three nights counts on each of the three.
    """

    name: str
    recall: Share  # of the ARR that churned
    arr_found: float
    arr_lost: float
    precision: float | None  # share of the list that churned
    listed: int
    found: int  # distinct accounts that churned while listed
    lead_days: float | None  # median over those: from the first night of the unbroken listing to the last day

    @property
    def arr_recall(self) -> float | None:
        return self.recall.value


@dataclass(frozen=True, slots=True)
class Loss:
    """One account that churned. `lead_days`: of warning by a listing that stood until the end; None = it was missed."""

    account_id: str
    arr: float  # on the last judged night before
    churned_on: date
    lead_days: int | None


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
    losses: list[Loss]  # by the list of churn_risk, the largest first
    signals: list[SignalWorth]


def run_backtest(
    organization_id: uuid.UUID,
    first: date,
    last: date,
    *,
    known_by: date,
    progress: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Judge the nights of `first`'s day of the month up to `last` by the outcomes known by `known_by`.

    Writes no diagnosis; `progress` is called with the number of nights made again, and of all, outside any context.
    Raises NothingToJudge.
    """
    with service_context(organization_id):
        find_voiced_needs()
    with service_context(organization_id):
        organization = Organization.objects.get()
        outcomes = read_outcomes(organization, known_by=known_by)
        asked = list_months_on(first, last, at_most=MOST_NIGHTS)
        nights = [night for night in asked if night <= outcomes.last_night]
        models = _read_models(organization, nights)
    frames = []
    for done, night in enumerate(nights, start=1):
        with service_context(organization_id):
            frames.append(_judge_night(organization, night, outcomes, models[night][0]))
        if progress:
            progress(done, len(nights))
    frame = pl.concat(frames, how="diagonal") if frames else pl.DataFrame()
    if not frame.height:
        raise NothingToJudge("No night of this period has accounts and known outcomes.")
    learned = sum(night.isoformat() <= models[night][1] for night in nights)
    return _judge(frame, nights, len(asked) - len(nights), learned)


def _read_models(organization: Organization, nights: list[date]) -> dict[date, tuple[ScoringModel, str]]:
    """By night, the model that diagnosed it, else the one in force, and the last night that taught it ('' = none)."""
    in_force, fitted = read_model_in_force(organization)
    found = dict.fromkeys(nights, (in_force, fitted.get("last_night", "")))
    for record in Night.objects.filter(night__in=nights).select_related("model_version"):
        version = record.model_version
        taught = version.parameters.get("fitted", {}).get("last_night", "")
        found[record.night] = read_model(version), taught
    return found


def _judge_night(organization: Organization, night: date, outcomes: Outcomes, model: ScoringModel) -> pl.DataFrame:
    """The open accounts of a night made again, with what became of them and the points of each signal."""
    [past] = replay_nights(organization, [night], outcomes)
    return _name_points(past.diagnose(model).filter("open"), model)


def _name_points(found: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """The rows with a column per signal, `score:name` (versions may number their signals differently), for the lists.

    `known_health` is what the risks read, also where health is withheld.
    """
    known = add_known(found, model, "health")
    points = found.select(
        pl.col("points").list.get(number).alias(f"{signal.score}:{signal.name}")
        for number, signal in enumerate(model.declarations)
    )
    return found.drop("points", "values", "sources").with_columns(known).hstack(points)


def _judge(frame: pl.DataFrame, nights: list[date], unknown: int, learned: int) -> Backtest:
    churned, expanded = frame["churned_90d"].to_numpy(), frame["expanded_90d"].to_numpy()
    names, on = frame["account_id"].to_list(), frame["night"].to_physical().to_numpy()
    risk = frame["churn_risk"].to_numpy()
    # A withheld score ranks nothing: in the middle of the others.
    health, potential = (frame[score].fill_null(frame[score].median() or 0.0).to_numpy() for score in SIGNAL_OUTCOME)
    rules = _list_rules(frame)
    return Backtest(
        nights=nights,
        unknown=unknown,
        learned=learned,
        rows=frame.height,
        churned=frame.filter("churned_90d")["account_id"].n_unique(),
        expanded=frame.filter("expanded_90d")["account_id"].n_unique(),
        churn=measure_auc(churned, risk, names, nights=on),
        health=measure_auc(churned, -health, names, nights=on),
        expansion=measure_auc(expanded, potential, names, nights=on),
        mean_forecast=float(risk.mean()),
        rate=float(churned.mean()),
        reliability=measure_reliability(churned, risk),
        lists=[_judge_list(frame, name, scores) for name, scores in rules.items()],
        losses=trace_losses(frame, _list_rows(frame, risk)),
        signals=_judge_signals(frame, {"health": frame["known_health"].to_numpy(), "potential": potential}),
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


def _list_rows(frame: pl.DataFrame, scores: Numbers) -> NDArray[np.bool_]:
    """Which rows stand on their night's list."""
    listed = np.zeros(frame.height, dtype=bool)
    nights = frame["night"].to_physical().to_numpy()
    for night in np.unique(nights):
        rows = np.flatnonzero(nights == night)
        listed[rows] = pick_top(scores[rows], max(1, int(len(rows) * LIST_SHARE)))
    return listed


def _judge_list(frame: pl.DataFrame, name: str, scores: Numbers) -> List:
    listed = _list_rows(frame, scores)
    churned, arr = frame["churned_90d"].to_numpy(), frame["arr"].fill_null(0.0).to_numpy()
    lost, hit = arr * churned, arr * (listed & churned)
    leads = [loss.lead_days for loss in trace_losses(frame, listed) if loss.lead_days is not None]
    return List(
        name,
        measure_share(hit, lost, frame["account_id"].to_list()),
        float(hit.sum()),
        float(lost.sum()),
        float(churned[listed].mean()),
        int(listed.sum()),
        len(leads),
        float(np.median(leads)) if leads else None,
    )


def trace_losses(frame: pl.DataFrame, listed: NDArray[np.bool_]) -> list[Loss]:
    """Each account that churned, once, with the days of warning that its unbroken listing gave; the largest first."""
    rows = frame.with_columns(listed=pl.Series(listed)).filter(pl.col("churned_90d").any().over("account_id"))
    losses = []
    for (account_id,), nights in rows.sort("night").group_by("account_id", maintain_order=True):
        until = nights["churned_on"].is_not_null().arg_true().max()
        assert isinstance(until, int)
        before = nights.head(until + 1)
        gap = before["listed"].not_().arg_true().max()
        begun = 0 if gap is None else int(gap) + 1  # type: ignore[arg-type]  # arg_true gives places: integers
        churned_on = before["churned_on"][until]
        lead = (churned_on - before["night"][begun]).days if begun <= until else None
        losses.append(Loss(str(account_id), float(before["arr"][until] or 0.0), churned_on, lead))
    return sorted(losses, key=lambda loss: (-loss.arr, loss.account_id))


def _judge_signals(frame: pl.DataFrame, scores: dict[Score, Numbers]) -> list[SignalWorth]:
    """Every signal that spoke, those that rank best first."""
    worths = []
    names, on = frame["account_id"].to_list(), frame["night"].to_physical().to_numpy()
    for score, (outcome, direction) in SIGNAL_OUTCOME.items():
        labels = frame[outcome].to_numpy()
        whole = measure_auc(labels, direction * scores[score], nights=on).value
        for column in (name for name in frame.columns if name.startswith(f"{score}:")):
            points = frame[column].fill_null(0.0).to_numpy()
            if whole is None or not points.any():
                continue
            without = measure_auc(labels, direction * (scores[score] - points), nights=on).value or 0.5
            auc = measure_auc(labels, direction * points, names, nights=on, draws=FEW_DRAWS)
            spoke = float((points != 0).mean())
            worths.append(SignalWorth(column.partition(":")[2], score, spoke, auc, whole - without))
    return sorted(worths, key=lambda worth: (worth.score, -(worth.auc.value or 0.5)))
