"""Priorities of a night: candidates → owners → weight → acts → rank → causes and contact → one INSERT."""

from datetime import datetime, time, timedelta

import polars as pl
from django.db.backends.utils import CursorWrapper

from diagnostics.book import DiagnosedBook
from diagnostics.models import Priority
from diagnostics.priorities.candidates import GROWTH, find_candidates
from diagnostics.priorities.contacts import choose_contacts
from diagnostics.priorities.ranking import assign_owners, keep_one_per_account, rank, weigh
from diagnostics.priorities.suppression import read_acts, suppress
from diagnostics.writing import insert_night_rows

DELETE = "DELETE FROM diagnostics_priority WHERE organization_id = %s AND night = %s"
# Kinds whose own figures say why now; their causes are a second fact at most.
OWN_WORDS = ("renewal", "sponsor", "opportunity", "plan", "owner")
LEAST_POINTS = 1.0
WRITTEN = (
    "account_id", "kind", "subject", "lever", "owner_email", "rank", "left_out", "left_out_until", "effect", "base",
    "probability", "share", "urgency", "deadline", "decision_on", "causes", "facts", "also", "contact_id",
)  # fmt: skip


def write_priorities(cursor: CursorWrapper, book: DiagnosedBook) -> int:
    """Replace the night's priorities; returns how many were found, those left out included."""
    organization, night = book.organization, book.night
    end = datetime.combine(night + timedelta(days=1), time(0), organization.zone)
    acts = read_acts(cursor, organization.id, end_of_night=end, time_zone=organization.time_zone)
    found = assign_owners(cursor, organization.id, night, find_candidates(book))
    found = keep_one_per_account(suppress(weigh(found, night), book, acts))
    found = attach_causes(rank(found), book)
    found = choose_contacts(cursor, organization.id, night, found)
    cursor.execute(DELETE, [organization.id, night])
    insert_night_rows(cursor, Priority, organization.id, night, found.select(WRITTEN))
    return found.height


def attach_causes(priorities: pl.DataFrame, book: DiagnosedBook) -> pl.DataFrame:
    """Columns causes (signal numbers: why now, then the second fact) and first_source.

    For growth the two that give most potential, else the two that cost most health; one where the kind has words of
    its own.
    """
    signals = book.model.declarations
    numbered = pl.DataFrame(
        {
            "number": range(1, len(signals) + 1),
            "score": [signal.score for signal in signals],
            "source": [signal.source for signal in signals],
        },
        schema={"number": pl.Int16, "score": pl.String, "source": pl.String},
    )
    numbers = pl.int_ranges(1, pl.col("points").list.len() + 1, dtype=pl.Int16)
    growth = pl.col("kind").is_in(GROWTH)
    spoken = (
        priorities.select("account_id", "subject", "kind")
        .join(book.diagnoses.select("account_id", "points"), on="account_id", maintain_order="left")
        .with_columns(number=numbers)
        .explode("points", "number")
        .join(numbered, on="number", maintain_order="left")
        .with_columns(points=pl.when(growth).then(pl.col("points")).otherwise(-pl.col("points")))
        .filter((pl.col("points") >= LEAST_POINTS) & ((pl.col("score") == "potential") == growth))
        .sort("points", "number", descending=[True, False])
    )
    kept = pl.when(pl.col("kind").first().is_in(OWN_WORDS)).then(1).otherwise(2)
    causes = spoken.group_by("account_id", "subject").agg(
        pl.col("number").head(kept).alias("causes"), pl.col("source").first().alias("first_source")
    )
    return priorities.join(causes, on=["account_id", "subject"], how="left", maintain_order="left").with_columns(
        pl.col("causes").fill_null([])
    )
