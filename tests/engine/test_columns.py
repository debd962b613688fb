"""What the engine computes on arrays is what Polars computes, to the last bit."""

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.engine.columns import as_lists, at_least, at_most, round_digits
from diagnostics.engine.contributions import list_figures
from diagnostics.engine.measures import measure
from diagnostics.engine.peers import GROUPINGS, MIN_BOOK, MIN_PEERS, SCOPES, attach_peers, compute_peers
from tests.engine.books import NIGHT, feature_frames

ANY = st.lists(st.floats(allow_nan=False), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(ANY)
def test_clipping_and_rounding(numbers):
    column = pl.Series(numbers, dtype=pl.Float64)
    array = column.to_numpy()
    with np.errstate(all="ignore"):
        for mine, theirs in (
            (at_least(array, 0.0), column.clip(0.0, None)),
            (at_most(array, 1.0), column.clip(None, 1.0)),
            (round_digits(array, 2), column.round(2)),
            (round_digits(array, 4), column.round(4)),
            (np.array(list_figures(array.reshape(1, -1)).to_list()[0], dtype=float), column.round_sig_figs(7)),
        ):
            assert mine.tobytes() == theirs.to_numpy().tobytes()


def test_lists_keep_what_is_not_known_as_null():
    lists = as_lists("found", np.array([[1.5, np.nan], [0.0, -2.0]]))
    assert lists.dtype == pl.List(pl.Float64)
    assert lists.to_list() == [[1.5, None], [0.0, -2.0]]


def read_measure(book, name):
    """What is not known as null; a trend of more days in a week than in four is there, and is no number."""
    if not name.startswith("trend"):
        return pl.Series(name, book[name], nan_to_null=True)
    known = pl.Series(book.holds(f"has_{name}"))
    return pl.DataFrame({name: book[name]}).select(pl.when(known).then(name)).to_series()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(feature_frames(least=6, most=40))
def test_peers_are_the_medians_of_polars(features):
    with np.errstate(all="ignore"):
        book = measure(features, NIGHT)
        peers = compute_peers(book)
        attach_peers(book, peers, peers.places)
    texts = {name: book.text(name) for name in ("main_plan_id", "tier", "country")}
    frame = pl.DataFrame({**texts, "age_band": book["age_band"]}).hstack([read_measure(book, name) for name in SCOPES])
    for name, scopes in SCOPES.items():
        value = pl.col(name)
        expected = [
            pl.when(value.count().over(scope or pl.lit(1)) >= (MIN_PEERS if scope else MIN_BOOK)).then(
                value.median().over(scope or pl.lit(1))
            )
            for scope in scopes
        ]
        found = pl.Series(book[f"peer_{name}"], nan_to_null=True)
        assert found.equals(frame.select(pl.coalesce(expected).fill_nan(None).alias("")).to_series()), name
    assert {scope for scopes in SCOPES.values() for scope in scopes} == set(GROUPINGS)
