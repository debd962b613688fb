"""The columns of a feature frame while it is put together: arrays over all accounts, each answer put in its place."""

from typing import Any

import numpy as np
import polars as pl

from diagnostics.engine import FEATURES

from .reading import DAY, TEXT, Ids, Rows, Vector
from .vectors import Marks, Places, find_places


class AccountColumns:
    """What is known of each account, sorted by id: `numbers`, where not a number is not known, and `texts`.

    A row of another answer about an account that stands here in no row (it came in between) is left out.
    """

    def __init__(self, rows: Rows) -> None:
        """`rows`: one for each account, with its id twice, packed as `id` and as the text `account_id`."""
        order = np.argsort(rows.ids["id"])
        self.ids: Ids = rows.ids["id"][order]
        self.height = rows.height
        self.numbers: dict[str, Vector] = {name: values[order] for name, values in rows.numbers.items()}
        self.texts = {name: np.array(values, dtype=object)[order] for name, values in rows.texts.items()}

    def find(self, ids: Ids) -> tuple[Places, Marks]:
        """The places of accounts, and which of them stand here."""
        return find_places(self.ids, ids)

    def place(self, rows: Rows) -> Marks:
        """Add the columns of an answer with one row for some accounts, by its `account_id`; returns which they are."""
        places, stands = self.find(rows.ids["account_id"])
        places = places[stands]
        for name, values in rows.numbers.items():
            self.numbers[name] = column = np.full(self.height, np.nan)
            column[places] = values[stands]
        for name, texts in rows.texts.items():
            self.texts[name] = told = np.full(self.height, None, dtype=object)
            told[places] = np.array(texts, dtype=object)[stands]
        there = np.zeros(self.height, dtype=bool)
        there[places] = True
        return there

    def keep(self, wanted: Marks) -> None:
        """Leave out all other accounts."""
        self.ids, self.height = self.ids[wanted], int(wanted.sum())
        self.numbers = {name: values[wanted] for name, values in self.numbers.items()}
        self.texts = {name: values[wanted] for name, values in self.texts.items()}

    def to_frame(self) -> pl.DataFrame:
        """The columns `engine.FEATURES`; null where nothing is known."""
        return pl.DataFrame([self._to_series(name, dtype) for name, dtype in FEATURES.items()])

    def _to_series(self, name: str, dtype: Any) -> pl.Series:
        if dtype == TEXT:
            return pl.Series(name, self.texts[name].tolist(), dtype=TEXT)
        if name not in self.numbers:
            return pl.Series(name, [None], dtype=dtype).new_from_index(0, self.height)
        values = pl.Series(name, self.numbers[name], nan_to_null=True)
        if dtype == DAY:
            values = values.cast(pl.Int32)
        return values.cast(dtype)
