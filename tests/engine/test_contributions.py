"""The matrix of points says what each signal's own ramp says."""

import numpy as np
import polars as pl

from diagnostics.engine import DEFAULT_MODEL
from diagnostics.engine.contributions import weigh_signals
from diagnostics.engine.model import STEP
from diagnostics.engine.signals import TIERS


def test_points_are_strength_times_weight_in_sixteenths():
    """Values around both ends of every ramp, and unknown ones, for each tier and for none."""
    model = DEFAULT_MODEL
    tiers = pl.Series("tier", [*TIERS, ""])
    for signal in model.declarations:
        ramp, place = signal.ramp, model.places[signal.name][signal.value_name]
        ends = [end for end in (ramp.worst, ramp.neutral, ramp.best) if end is not None]
        steps = np.linspace(min(ends) - 1, max(ends) + 1, 41)
        for value in [*steps.tolist(), *ends, None]:
            figures = np.full((tiers.len(), len(model.figures)), np.nan)
            figures[:, place] = np.nan if value is None else value
            strength = pl.select(ramp.strength(pl.lit(value, dtype=pl.Float64))).item()
            weights = [model.weights[signal.name][tier or "mid_market"] for tier in tiers]
            expected = [0.0 if strength is None else round(strength * weight * STEP) / STEP for weight in weights]
            points = weigh_signals(figures, tiers, model)[:, model.signals.index(signal.name)]
            assert points.tolist() == expected, (signal.name, value)
