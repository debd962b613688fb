"""Parts without what they say twice: half of the columns of a family equal another one, or are zero everywhere.

What is summed, joined, packed and read is then half as much; the names come back at the end, exactly as they were.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import polars as pl

from diagnostics.kpis.frames import KEY, MONEY, money

# In the place of the column that says the same: zero in every row.
ZERO = ""


@dataclass(frozen=True, slots=True)
class Slim:
    """A frame of parts; `same`: a name that has no column of its own, and the column that holds its amounts."""

    frame: pl.DataFrame
    same: dict[str, str] = field(default_factory=dict)

    def column_of(self, name: str) -> pl.Expr | None:
        """The amounts of a name under that name; None where the part does not have it."""
        if name in self.same:
            held = self.same[name]
            return (money(0) if held == ZERO else pl.col(held)).alias(name)
        return pl.col(name) if name in self.frame.columns else None

    def split(self, names: Collection[str]) -> tuple["Slim", "Slim"]:
        """(these names, all others); the columns that are no amounts are in both."""
        amounts = list_amounts(self.frame)
        plain = [name for name in self.frame.columns if name not in amounts]

        def keep(wanted: Callable[[str], bool]) -> Slim:
            columns = {name: pl.col(name) for name in amounts if wanted(name)}
            held = {name: name for name in columns}
            same = {}
            for name, of in self.same.items():
                if not wanted(name):
                    continue
                if of == ZERO or of in held:
                    same[name] = of and held[of]
                else:
                    # The column belongs to the other half: here it goes by the first name that needs it.
                    columns[name], held[of] = pl.col(of), name
            return Slim(self.frame.select(*plain, **columns), same)

        return keep(lambda name: name in names), keep(lambda name: name not in names)

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing of any KPI."""
        return not self.same and not list_amounts(self.frame)

    def with_frame(self, frame: pl.DataFrame) -> "Slim":
        """The same names over other rows, or over their sums."""
        return Slim(frame, self.same)

    def name_all(self, sums: pl.LazyFrame) -> pl.LazyFrame:
        """Sums of the frame with every name as a column."""
        held = [money(0).alias(name) if of == ZERO else pl.col(of).alias(name) for name, of in self.same.items()]
        return sums.with_columns(held) if held else sums

    def whole(self) -> pl.DataFrame:
        """The frame with every name as a column."""
        return self.name_all(self.frame.lazy()).collect()


def list_amounts(frame: pl.DataFrame) -> list[str]:
    """The columns that are amounts of parts."""
    return [name for name, dtype in frame.schema.items() if name not in KEY and name != "group" and dtype == MONEY]


def slim(frame: pl.DataFrame) -> Slim:
    """The frame without columns that are zero everywhere or equal another, NULL for NULL."""
    names = list_amounts(frame)
    if not names or not frame.height:
        return Slim(frame)
    # Columns that differ nearly always differ in these.
    sums, nulls = frame.select(pl.col(names).sum()).row(0), frame.select(pl.col(names).null_count()).row(0)
    seen: dict[tuple[object, ...], list[str]] = {}
    same: dict[str, str] = {}
    for name, *key in zip(names, sums, nulls, strict=True):
        if key == [0, 0] and not (frame[name] != 0).any():
            same[name] = ZERO
            continue
        twin = next((other for other in seen.get(tuple(key), ()) if frame[other].equals(frame[name])), None)
        if twin is None:
            seen.setdefault(tuple(key), []).append(name)
        else:
            same[name] = twin
    return Slim(frame.drop(same), same)


def slim_all(parts: Sequence[pl.DataFrame]) -> list[Slim]:
    """Every part without what it says twice."""
    return [slim(part) for part in parts]
