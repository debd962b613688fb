"""The columns of a feature frame while it is put together: arrays over all accounts, each answer put in its place."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from diagnostics.engine import FEATURES
from diagnostics.engine.columns import Marks, Numbers, count_days, where

from .reading import AMOUNT, DAY, TEXT, Ids, Rows
from .vectors import Places, find_places

DIGITS = 6
# What a calendar can say, less a year: the engine adds weeks to a day.
EARLIEST, LATEST = count_days(date.min), count_days(date(date.max.year, 1, 1))

type Texts = NDArray[np.object_]


class AccountColumns:
    """What is known of each account, sorted by id: `numbers`, where not a number is not known, and `texts`.

    A row of another answer about an account that stands here in no row (it came in between) is left out.
    """

    def __init__(self, rows: Rows) -> None:
        """`rows`: one for each account, with its id twice, packed as `id` and as the text `account_id`."""
        order = np.argsort(rows.ids["id"])
        self.ids: Ids = rows.ids["id"][order]
        self.height = rows.height
        self.numbers: dict[str, Numbers] = {name: values[order] for name, values in rows.numbers.items()}
        self.texts: dict[str, Texts] = {
            name: np.array(values, dtype=object)[order] for name, values in rows.texts.items()
        }

    def find(self, ids: Ids) -> tuple[Places, Marks]:
        """The places of accounts, and which of them stand here."""
        return find_places(self.ids, ids)

    def place(self, rows: Rows) -> Marks:
        """Add the columns of an answer with one row for some accounts, by its `account_id`; returns which they are."""
        places, stands = self.find(rows.ids["account_id"])
        places = places[stands]
        for name, values in rows.numbers.items():
            self.put(name, places, values[stands])
        for name, texts in rows.texts.items():
            self.put_texts(name, places, np.array(texts, dtype=object)[stands])
        there = np.zeros(self.height, dtype=bool)
        there[places] = True
        return there

    def put(self, name: str, places: Places, values: Numbers, *, elsewhere: float = np.nan) -> None:
        """Add a column whose numbers are known at some places."""
        self.numbers[name] = column = np.full(self.height, elsewhere)
        column[places] = values

    def put_texts(self, name: str, places: Places, values: Texts) -> None:
        """Add a column whose texts are known at some places."""
        self.texts[name] = column = np.full(self.height, None, dtype=object)
        column[places] = values

    def keep(self, wanted: Marks) -> None:
        """Leave out all other accounts."""
        self.ids, self.height = self.ids[wanted], int(wanted.sum())
        self.numbers = {name: values[wanted] for name, values in self.numbers.items()}
        self.texts = {name: values[wanted] for name, values in self.texts.items()}

    def to_frame(self) -> pl.DataFrame:
        """The columns `engine.FEATURES` as `engine.conform` leaves them; null where nothing is known."""
        return pl.DataFrame([self._to_series(name, dtype) for name, dtype in FEATURES.items()])

    def _to_series(self, name: str, dtype: Any) -> pl.Series:
        if dtype == TEXT:
            return pl.Series(name, self.texts[name].tolist(), dtype=TEXT)
        if name not in self.numbers:
            return pl.Series(name, [None], dtype=dtype).new_from_index(0, self.height)
        values = self.numbers[name]
        if dtype == AMOUNT:
            # As `conform` rounds them, in a step of the frame, for ten times as long.
            return pl.Series(name, np.where(np.isfinite(values), np.round(values, DIGITS), np.nan), nan_to_null=True)
        if dtype == DAY:
            # A term of ten thousand years ends on no day that could be written down.
            written = (values >= EARLIEST) & (values <= LATEST)
            return pl.Series(name, where(written, values), nan_to_null=True).cast(pl.Int32).cast(dtype)
        return pl.Series(name, values, nan_to_null=True).cast(dtype)
