"""What a study keeps: a backtest or a calibration as a JSON document, and read back. Days are written as ISO 8601."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from diagnostics.backtest import Backtest, List, Loss, SignalWorth
from diagnostics.calibration import Calibration, Trial
from diagnostics.discrimination import Auc, Decile, Share
from diagnostics.telling_features import TellingFeature

Document = Mapping[str, Any]


def write_backtest(found: Backtest) -> dict[str, Any]:
    """The whole track record, to the last figure."""
    return json.loads(json.dumps(asdict(found), default=date.isoformat))


def read_backtest(document: Document) -> Backtest | None:
    """The track record that `write_backtest` wrote; None where the document holds none."""
    if "nights" not in document:
        return None
    return Backtest(
        unknown=document["unknown"],
        learned=document["learned"],
        rows=document["rows"],
        churned=document["churned"],
        expanded=document["expanded"],
        churn=Auc(**document["churn"]),
        health=Auc(**document["health"]),
        expansion=Auc(**document["expansion"]),
        nights=[date.fromisoformat(day) for day in document["nights"]],
        mean_forecast=document["mean_forecast"],
        rate=document["rate"],
        reliability=[Decile(**part) for part in document["reliability"]],
        lists=[List(**{**one, "recall": Share(**one["recall"])}) for one in document["lists"]],
        losses=[Loss(**{**one, "churned_on": date.fromisoformat(one["churned_on"])}) for one in document["losses"]],
        signals=[SignalWorth(**{**one, "auc": Auc(**one["auc"])}) for one in document["signals"]],
    )


def write_calibration(found: Calibration, telling: Sequence[TellingFeature]) -> dict[str, Any]:
    """What a calibration came to, with the model that it would publish and the features that it proposes to mark."""
    moved = [
        {"name": name, "before": dict(found.default.weights[name]), "after": dict(weights)}
        for name, weights in found.model.weights.items()
        if dict(weights) != dict(found.default.weights[name])
    ]
    document = {
        "nights": found.nights,
        "trials": [{**asdict(trial), "factors": {}} for trial in found.trials.values()],
        "curve": asdict(found.curve) if found.curve else None,
        "moved": moved,
        "changed": found.changed,
        "model": found.model.to_json(),
        "telling": [asdict(one) for one in telling],
    }
    return json.loads(json.dumps(document, default=date.isoformat))


@dataclass(frozen=True, slots=True)
class FittedCurve:
    """The churn curve of a stored calibration; log-losses and mean forecasts out of time."""

    default_loss: float
    fitted_loss: float
    mean_forecast: float
    rate: float
    shift: float
    kept: bool


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """A calibration as the page reads it. `moved`: signal, default weights and fitted ones by tier."""

    nights: tuple[date, ...]
    trials: tuple[Trial, ...]
    curve: FittedCurve | None
    moved: tuple[tuple[str, Mapping[str, float], Mapping[str, float]], ...]
    changed: bool
    model: str  # as JSON
    published: int | None  # the model version that it became
    telling: tuple[TellingFeature, ...] | None  # None: made before features were looked at

    @property
    def fitted(self) -> dict[str, Any]:
        """What a version made from it was fitted on."""
        return {"last_night": self.nights[-1].isoformat(), "nights": len(self.nights)}


def read_calibration(document: Document) -> StoredCalibration | None:
    """The calibration that `write_calibration` wrote; None where the document holds none."""
    if "trials" not in document:
        return None
    trials = tuple(_read_trial(one) for one in document["trials"])
    curve, kept = document["curve"], trials[0].kept
    return StoredCalibration(
        nights=tuple(date.fromisoformat(day) for day in document["nights"]),
        trials=trials,
        curve=FittedCurve(
            **{name: curve[name] for name in ("default_loss", "fitted_loss", "mean_forecast", "rate", "shift")},
            kept=kept or curve["fitted_loss"] < curve["default_loss"],
        )
        if curve
        else None,
        moved=tuple((one["name"], one["before"], one["after"]) for one in document["moved"]),
        changed=document["changed"],
        model=document["model"],
        published=document.get("published"),
        telling=tuple(TellingFeature(**{**one, "auc": Auc(**one["auc"])}) for one in document["telling"])
        if "telling" in document
        else None,
    )


def _read_trial(document: Document) -> Trial:
    aucs = {name: Auc(**document[name]) if document[name] else None for name in ("default", "fitted")}
    return Trial(**{**document, **aucs})
