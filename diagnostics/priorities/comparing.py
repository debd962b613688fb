"""Which stored points can be held against tonight's.

Before the points of a withheld health were kept, its contributions were stored as 0, whatever the facts said: held
against real points they would make everything known of the account look as if it had happened since.
"""

import polars as pl

from diagnostics.engine import ScoringModel
from diagnostics.engine.model import SCALE


def list_health(model: ScoringModel) -> pl.Expr:
    """1 at each contribution to health, its end of the scale too, 0 at the others, as long as a row of points."""
    is_health = [signal.score == "health" for signal in model.declarations]
    is_health += [name == SCALE["health"] for name in model.names[len(is_health) :]]
    return pl.lit(pl.Series([[float(one) for one in is_health]], dtype=pl.List(pl.Float64)))


def was_not_kept(*, points: pl.Expr, health: str, top_cause: str, lever: str, model: ScoringModel) -> pl.Expr:
    """Whether the stored health contributions of a row are unknown; its `points` are as long as tonight's, or null.

    The first cause was read from the facts: one of health with 0 points was not kept. Of an account to grow, whose
    first cause is one of potential, zeros of a withheld health say nothing.
    """
    said = points * list_health(model)
    causes = [number for number, signal in enumerate(model.declarations, start=1) if signal.score == "health"]
    grows = ~pl.col(lever).is_in(["retain", ""])
    silent = (said.list.max() == 0) & (said.list.min() == 0)
    return (pl.col(health).is_null() & silent & (grows | pl.col(top_cause).is_in(causes))).fill_null(False)
