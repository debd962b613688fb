"""From signals to points: what each signal adds to or takes from its score, for all accounts at once.

Points are one matrix, a row for each account and a column for each signal: as one expression per signal they took a
third of the whole diagnosis of a book of 500.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .columns import Columns, Marks, Numbers, as_lists, find_text
from .measures import MEASURES, lay_out
from .model import STEP, ScoringModel
from .peers import COMPARED
from .signals import TIERS, Score

SHOWN_DIGITS = 7
DEFAULT_TIER = TIERS.index("mid_market")  # for an account whose tier nobody gave


@dataclass(frozen=True)
class Ramps:
    """The ramps and weights of a model's signals as arrays in the order of their numbers."""

    places: NDArray[np.intp]  # of each signal's value among the figures
    neutral: Numbers
    fall: Numbers  # from neutral to the worst; infinite where there is none
    rise: Numbers  # strength per unit above neutral; 0 where there is no best
    reward: Numbers
    sixteenths: Numbers  # at full strength, by tier


def evaluate_figures(book: Columns, model: ScoringModel) -> Numbers:
    """The distinct figures (columns, by their place in `values`) of each account (row); dates as days since 1970.

    What is not known is not a number. A signal's first figure, its value, that is not known means that the signal does
    not speak. A column as it stands needs no expression: more than half of the figures are one.
    """
    plain, written, read = _sort_figures(model)
    figures = np.empty((len(model.figures), len(book)))
    for place, name in plain.items():
        figures[place] = book[name]
    for column in lay_out(book, read).select(written).iter_columns():
        figures[int(column.name)] = column.cast(pl.Float64).to_numpy()
    return figures.T


@lru_cache(maxsize=64)
def _sort_figures(model: ScoringModel) -> tuple[dict[int, str], list[pl.Expr], list[str]]:
    """The figures that are columns, by place; those to be computed, named by theirs; and the measures these read."""
    columns = {
        place: figure.meta.output_name() for place, figure in enumerate(model.figures) if figure.meta.is_column()
    }
    written = [figure.alias(str(place)) for place, figure in enumerate(model.figures) if place not in columns]
    roots = {name for figure in written for name in figure.meta.root_names()}
    return columns, written, [name for name in (*MEASURES, *COMPARED) if name in roots]


@lru_cache(maxsize=64)
def _lay_out_ramps(model: ScoringModel) -> Ramps:
    """Written once per model and kept."""
    signals = model.declarations
    ramps = [signal.ramp for signal in signals]
    by_tier = [[model.weights[signal.name][tier] * STEP for signal in signals] for tier in TIERS]
    return Ramps(
        places=np.array([model.places[signal.name][signal.value_name] for signal in signals]),
        neutral=np.array([ramp.neutral for ramp in ramps]),
        fall=np.array([np.inf if ramp.worst is None else ramp.neutral - ramp.worst for ramp in ramps]),
        rise=np.array([0.0 if ramp.best is None else ramp.reward / (ramp.best - ramp.neutral) for ramp in ramps]),
        reward=np.array([ramp.reward for ramp in ramps]),
        sixteenths=np.array(by_tier),
    )


def weigh_signals(figures: Numbers, tier: pl.Series, model: ScoringModel) -> Numbers:
    """The points of each account (row) by signal (column), multiples of 1/16; 0 where the signal does not speak.

    `figures`: those of `evaluate_figures`. Rounding keeps the order, so points never fall when a value gets better. The
    strength is that of `Ramp.strength`.
    """
    ramps = _lay_out_ramps(model)
    codes = np.full(tier.len(), DEFAULT_TIER)
    for code, name in enumerate(TIERS):
        codes[find_text(tier, name)] = code
    # A row for each signal: the figures lie so, and whole rows are read at once. In place, or a large book pays for
    # fresh memory more than for the arithmetic.
    rise = figures.T[ramps.places]
    rise -= ramps.neutral[:, np.newaxis]
    fall = rise / ramps.fall[:, np.newaxis]
    rise *= ramps.rise[:, np.newaxis]
    points = np.clip(fall, -1.0, 0.0, out=fall)
    points += np.clip(rise, 0.0, ramps.reward[:, np.newaxis], out=rise)
    points *= ramps.sixteenths.T.take(codes, axis=1)
    np.rint(points, out=points)
    points /= STEP
    points[np.isnan(points)] = 0.0
    # Turns -0.0 into 0.0
    points += 0.0
    return np.ascontiguousarray(points.T)


@lru_cache(maxsize=64)
def list_columns(model: ScoringModel, score: Score) -> NDArray[np.intp]:
    """Which columns of the points are signals of a score."""
    return np.array([place for place, signal in enumerate(model.declarations) if signal.score == score])


def add_up(points: Numbers, model: ScoringModel, score: Score) -> tuple[Numbers, Numbers]:
    """The score within 0 and 100 of each account, and what its end of the scale gave back.

    Exact in floats whatever the order of addition: every term is a small multiple of 1/16.
    """
    raw = model.base[score] + points[:, list_columns(model, score)].sum(axis=1)
    within = np.clip(raw, 0.0, 100.0)
    return within, within - raw + 0.0


def add_known(diagnoses: pl.DataFrame, model: ScoringModel, score: Score) -> pl.Series:
    """The score of what is known of each diagnosed account, also where it is withheld, by the weights of `model`.

    `diagnoses`: `values` by the signals of this model, and the account's `tier`. Values have seven digits, so that a
    point may differ from the diagnosis's by a sixteenth.
    """
    figures = np.array(diagnoses["values"].to_list(), dtype=float).reshape(diagnoses.height, len(model.figures))
    within, _end = add_up(weigh_signals(figures, diagnoses["tier"], model), model, score)
    return pl.Series(f"known_{score}", within)


def list_points(points: Numbers, ends: list[Numbers], has_potential: Marks, model: ScoringModel) -> pl.Series:
    """`points` by signal number, the ends of the scale last; those of potential are 0 where it is not given.

    A health that is withheld keeps its points: they are no score, but the risks read them.
    """
    every = np.column_stack([points, *ends])
    ungiven = [*list_columns(model, "potential"), every.shape[1] - 1]
    every[np.ix_(~has_potential, ungiven)] = 0.0
    return as_lists("points", every)


def list_figures(figures: Numbers) -> pl.Series:
    """`values`: all figures one after another, to seven digits, which is enough to be shown."""
    every = figures.flatten()
    # Whole numbers of seven digits stay as they are, and most figures are counts and days: rounding is dear.
    rest = np.rint(every)
    rest -= every
    least = 10.0**SHOWN_DIGITS
    broken = np.flatnonzero((rest > 0) | (rest < 0) | (every >= least) | (every <= -least))
    every[broken] = pl.Series(every[broken], nan_to_null=True).round_sig_figs(SHOWN_DIGITS).to_numpy()
    return as_lists("values", every.reshape(figures.shape))


def find_extremes(points: Numbers, columns: NDArray[np.intp], *, least: bool) -> tuple[Numbers, NDArray[np.intp]]:
    """For each account the least (or the greatest) points among some columns, and the first signal number with them."""
    chosen = points[:, columns]
    place = chosen.argmin(axis=1) if least else chosen.argmax(axis=1)
    return chosen[np.arange(len(chosen)), place], columns[place] + 1
