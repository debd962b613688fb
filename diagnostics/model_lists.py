"""How the day's lists would change under a draft: two books through the same code as the night's priorities."""

import copy
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from django.db.backends.utils import CursorWrapper

from accounts.models import Organization
from diagnostics.book import DiagnosedBook
from diagnostics.priorities.candidates import Candidate
from diagnostics.priorities.writing import find_priorities

MOST_ROWS = 200
LAST = 10_000  # behind every rank
LISTED: dict[str, Any] = {
    "account_id": pl.String,
    "owner_email": pl.String,
    "kind": pl.String,
    "rank": pl.Int16,
    "effect": pl.Float64,
}
# Of the organization's settings, those that a list hangs on besides the model.
LIST_SETTINGS = ("priorities_a_day", "cooldown_days")


@dataclass(frozen=True, slots=True)
class ListShift:
    """One person's list: how many rows enter it, leave it, change rank or keep it, and how many it holds after."""

    owner: str  # '' of nobody
    enter: int
    leave: int
    move: int
    stay: int
    after: int


@dataclass(frozen=True, slots=True)
class ListRow:
    """An account on a person's list before and after; kind '' and rank None where it is not on it."""

    account_id: str
    owner: str
    kind: str
    kind_after: str
    rank: int | None
    rank_after: int | None
    effect: float | None


@dataclass(frozen=True, slots=True)
class Lists:
    """`people` whose lists change, most changes first; `rows` that change, at most `MOST_ROWS` of `changed`."""

    people: list[ListShift]
    rows: list[ListRow]
    changed: int
    unchanged_people: int

    @classmethod
    def from_json(cls, document: dict[str, Any] | None) -> "Lists | None":
        """What `asdict` gave; None where nothing was kept."""
        if document is None:
            return None
        people = [ListShift(**one) for one in document["people"]]
        return cls(**{**document, "people": people, "rows": [ListRow(**one) for one in document["rows"]]})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def with_settings(organization: Organization, settings: dict[str, Any]) -> Organization:
    """A copy of the organization with the draft's settings; never saved."""
    drafted = copy.copy(organization)
    for name, value in settings.items():
        setattr(drafted, name, value)
    return drafted


def compare_lists(cursor: CursorWrapper, before: DiagnosedBook, after: DiagnosedBook) -> Lists:
    """The rows with a rank that each book's night would give, person by person; writes nothing."""
    return summarize_lists(*(_frame(find_priorities(cursor, book).kept) for book in (before, after)))


def _frame(kept: list[Candidate]) -> pl.DataFrame:
    return pl.DataFrame([[getattr(one, name) for name in LISTED] for one in kept], schema=LISTED, orient="row")


def summarize_lists(before: pl.DataFrame, after: pl.DataFrame) -> Lists:
    """Compare two nights' priorities, frames with account_id, owner_email, kind, rank and effect."""
    was, now = (
        frame.filter(pl.col("rank").is_not_null()).select(
            "account_id", "owner_email", "kind", "effect", pl.col("rank").cast(pl.Int64)
        )
        for frame in (before, after)
    )
    both = was.join(now, on=["owner_email", "account_id"], how="full", suffix="_after", coalesce=True)
    same_rank = (pl.col("rank") == pl.col("rank_after")).fill_null(False)
    both = both.with_columns(
        enters=pl.col("rank").is_null(),
        leaves=pl.col("rank_after").is_null(),
        moves=pl.col("rank").is_not_null() & pl.col("rank_after").is_not_null() & ~same_rank,
        stays=same_rank,
    )
    people = both.group_by("owner_email").agg(
        pl.col("enters", "leaves", "moves", "stays").sum(), after=pl.col("rank_after").count()
    )
    people = people.with_columns(changes=pl.sum_horizontal("enters", "leaves", "moves")).sort(
        ["changes", "owner_email"], descending=[True, False]
    )
    changed = both.filter(~same_rank | (pl.col("kind") != pl.col("kind_after")).fill_null(False))
    order = ["owner_email", pl.col("rank_after").fill_null(LAST), pl.col("rank").fill_null(LAST), "account_id"]
    rows = changed.sort(order).head(MOST_ROWS)
    return Lists(
        people=[
            ListShift(row["owner_email"], row["enters"], row["leaves"], row["moves"], row["stays"], row["after"])
            for row in people.filter(pl.col("changes") > 0).to_dicts()
        ],
        rows=[
            ListRow(
                row["account_id"],
                row["owner_email"],
                row["kind"] or "",
                row["kind_after"] or "",
                row["rank"],
                row["rank_after"],
                row["effect_after"] if row["rank_after"] is not None else row["effect"],
            )
            for row in rows.to_dicts()
        ],
        changed=changed.height,
        unchanged_people=people.filter(pl.col("changes") == 0).height,
    )
