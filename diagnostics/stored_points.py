"""Contributions as they are stored, a row of them for each account and night, and tonight's in the same shape."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

# A row of points in PostgreSQL's binary form of an array, to be read by `read_points`.
SENT = "array_send(array_replace({}, NULL, 'NaN'))"
ARRAY_HEAD = 20  # bytes: dimensions, whether there are NULLs, the type, the length and its lower bound
ITEM = np.dtype([("bytes", ">i4"), ("number", ">f8")])


def read_points(sent: bytes | None, width: int) -> NDArray[np.float64] | None:
    """The points; None where they are of another width than tonight's, or there are none."""
    if sent is None or len(sent) != ARRAY_HEAD + width * ITEM.itemsize:
        return None
    return np.frombuffer(sent, ITEM, offset=ARRAY_HEAD)["number"].astype(np.float64)


def gather_points(diagnoses: pl.DataFrame, rows: list[int], width: int) -> NDArray[np.float64]:
    """Tonight's points of some rows, a row each."""
    return diagnoses["points"][rows].explode().cast(pl.Float64).to_numpy().reshape(len(rows), width)
