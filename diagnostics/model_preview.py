"""What a draft would do to the book before it is published: the engine runs with both models over last night's facts.

Two moments are compared. The next night: last night's facts once more, continued from last night's states. And the
settled book: the same facts for as many nights as the hysteresis asks, so that a threshold that moves nobody tonight
shows whom it will move. The lists that are compared are those of the next night.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl
from django.db import connection

from accounts.models import Organization
from diagnostics.book import DiagnosedBook, feature_settings
from diagnostics.engine import STATE, ScoringModel, diagnose
from diagnostics.engine.segments import assign_segments, attach_state
from diagnostics.features import compute_features
from diagnostics.model_desk import Desk, compose
from diagnostics.model_lists import LIST_SETTINGS, Lists, compare_lists, with_settings
from diagnostics.model_versions import digest_of
from diagnostics.models import ModelDraft, Night
from diagnostics.writing import read_state

MOST_ROWS = 200
# More single changes than that are not tried one by one: nobody could read them as causes.
MOST_CAUSES = 12
# Of the features, only these settings of the organization are read.
FEATURE_SETTINGS = {
    "time_zone": "time_zone",
    "fiscal_year_first_month": "fiscal_year_start",
    "late_renewal_grace_days": "grace_days",
}


@dataclass(slots=True)
class Moved:
    """Accounts that change from one segment to another once settled; `tonight`: how many of them on the next night.

    `because`: the paths of the single changes that alone move some of them, most accounts first.
    """

    before: str
    after: str
    accounts: int
    arr: float
    tonight: int
    because: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Shift:
    """How a score moves over the book: how many rise and fall, the median of those that move, and the largest move."""

    rise: int
    fall: int
    median: float
    largest: float


@dataclass(slots=True)
class Preview:
    """`accounts` and `arr` change segment of `book` accounts; `rows` are the largest of them by ARR.

    A row: account, arr, before, after (segments), tonight, and health and potential before and after.
    """

    night: str
    book: int
    book_arr: float
    accounts: int
    arr: float
    tonight: int
    nights: int
    moved: list[Moved]
    health: Shift
    potential: Shift
    levers: int
    room: float
    rows: list[dict[str, Any]]
    lists: Lists | None = None


def read_preview(draft: ModelDraft | None) -> Preview | None:
    """The preview kept with the draft, whatever it was computed from."""
    if draft is None or not draft.preview:
        return None
    kept = dict(draft.preview)
    moved = [Moved(**one) for one in kept.pop("moved")]
    lists = Lists.from_json(kept.pop("lists", None))
    kept |= {"health": Shift(**kept["health"]), "potential": Shift(**kept["potential"])}
    return Preview(**kept, moved=moved, lists=lists)


def kept_preview(desk: Desk, night: Night | None) -> Preview | None:
    """The kept preview where it is still true of this draft, the version in force and last night; else None."""
    if desk.draft is None or night is None or desk.draft.preview_of != _digest(desk, night):
        return None
    return read_preview(desk.draft)


def preview_draft(desk: Desk, night: Night) -> Preview:
    """The preview of the draft, from what is kept or computed anew; publishes nothing.

    It is kept for the next reader while the organization may be written to: after the trial it is only shown.
    """
    kept = kept_preview(desk, night)
    if kept is not None:
        return kept
    found = compute_preview(desk, night)
    if desk.draft is not None and desk.organization.is_writable:
        # Only these columns: somebody may be writing to the draft meanwhile.
        ModelDraft.objects.filter(pk=desk.draft.pk).update(preview=asdict(found), preview_of=_digest(desk, night))
    return found


def compute_preview(desk: Desk, night: Night) -> Preview:
    """Run both models over last night's features, which are read once where the draft reads no facts anew."""
    organization, settings = desk.organization, feature_settings(desk.organization)
    changed = {FEATURE_SETTINGS[name]: value for name, value in desk.settings.items() if name in FEATURE_SETTINGS}
    drafted = replace(settings, **changed)
    with connection.cursor() as cursor:
        features = compute_features(cursor, organization.id, night.night, settings)
        other = compute_features(cursor, organization.id, night.night, drafted) if drafted != settings else features
        state = read_state(cursor, organization.id, night.night)
        before, own = _foresee(features, desk.in_force, night, state)
        after, theirs = _foresee(other, desk.model, night, state)
        lists = compare_lists(
            cursor,
            _book(organization, desk.in_force, night, state, features, own),
            _book(with_settings(organization, desk.settings), desk.model, night, state, other, theirs),
        )
    causes = _find_causes(desk, features, night, state) if drafted == settings else {}
    found = summarize(before, after, night, causes, nights=max(_settling(desk.in_force), _settling(desk.model)))
    return replace(found, lists=lists)


def _book(
    organization: Organization,
    model: ScoringModel,
    night: Night,
    state: pl.DataFrame,
    features: pl.DataFrame,
    diagnoses: pl.DataFrame,
) -> DiagnosedBook:
    """A foreseen book as the night's steps hand it to each other."""
    return DiagnosedBook(organization, night.night, night.model_version, model, night.night, state, features, diagnoses)


def summarize(
    before: pl.DataFrame, after: pl.DataFrame, night: Night, causes: Mapping[str, pl.DataFrame], *, nights: int
) -> Preview:
    """Compare two foreseen books, frames of `_foresee`; `causes` holds one for each single change."""
    both = before.join(after, on="account_id", suffix="_after")
    changed = both.filter(pl.col("settled") != pl.col("settled_after"))
    tonight = (pl.col("segment") != pl.col("segment_after")) & (pl.col("segment_after") == pl.col("settled_after"))
    changed = changed.with_columns(tonight=tonight).sort(["arr", "account_id"], descending=[True, False])
    groups = changed.group_by("settled", "settled_after").agg(
        pl.len().alias("accounts"), pl.col("arr").sum(), pl.col("tonight").sum(), pl.col("account_id")
    )
    moved = [
        Moved(
            before=row["settled"],
            after=row["settled_after"],
            accounts=row["accounts"],
            arr=row["arr"],
            tonight=row["tonight"],
            because=_because(row, causes),
        )
        for row in groups.sort(["arr", "settled", "settled_after"], descending=[True, False, False]).to_dicts()
    ]
    rows = changed.head(MOST_ROWS).select(
        "account_id", "arr", "tonight", "health", "health_after", "potential", "potential_after",
        before="settled", after="settled_after",
    )  # fmt: skip
    return Preview(
        night=night.night.isoformat(),
        book=both.height,
        book_arr=float(both["arr"].sum()),
        accounts=changed.height,
        arr=float(changed["arr"].sum()),
        tonight=int(changed["tonight"].sum()),
        nights=nights,
        moved=moved,
        health=_shift(both, "health"),
        potential=_shift(both, "potential"),
        levers=both.filter(pl.col("lever") != pl.col("lever_after")).height,
        room=float((both["expansion_potential_arr_after"] - both["expansion_potential_arr"]).sum()),
        rows=rows.to_dicts(),
    )


def _foresee(
    features: pl.DataFrame, model: ScoringModel, night: Night, state: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per account with `settled`, the segment once the hysteresis has passed; and the night's diagnoses."""
    found = diagnose(features, model, night.night, state.select(list(STATE)), conformed=True)
    scores = found.select("account_id", "health", "potential", "value_segment", pl.col("arr").fill_null(0.0))
    last = found.select(list(STATE))
    segments = found["segment"]
    for _night in range(_settling(model) - 1):
        settled = assign_segments(attach_state(scores, last), model)
        # No segment asks for levers and limits.
        rest = {name: pl.lit(None, dtype=STATE[name]) for name in STATE if name not in settled.columns}
        last = settled.with_columns(**rest).select(list(STATE))
        segments = settled["segment"]
    shown = scores.hstack(found.select("segment", pl.col("lever").fill_null(""), "expansion_potential_arr"))
    return shown.hstack([segments.alias("settled")]), found


def _settling(model: ScoringModel) -> int:
    """After how many nights of the same facts no segment of this model changes any more."""
    return max(model.thresholds.fragile_nights, model.thresholds.recovered_nights, 1)


def _find_causes(desk: Desk, features: pl.DataFrame, night: Night, state: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The book under each single change of the draft; nothing where there is one only, or too many to be read."""
    singles: dict[str, dict[str, Any]] = {}
    for path, value in desk.values.items():
        # The three tiers of a weight are one cause.
        singles.setdefault(path.rpartition(".")[0] if path.startswith("weights.") else path, {})[path] = value
    if len(singles) > MOST_CAUSES:
        return {}
    return {
        name: _foresee(features, compose(desk.in_force, values), night, state)[0].select("account_id", "settled")
        for name, values in singles.items()
    }


def _because(row: Mapping[str, Any], causes: Mapping[str, pl.DataFrame]) -> list[str]:
    counted = [
        (
            frame.filter(
                pl.col("account_id").is_in(row["account_id"]) & (pl.col("settled") == row["settled_after"])
            ).height,
            name,
        )
        for name, frame in causes.items()
    ]
    return [name for count, name in sorted(counted, key=lambda one: (-one[0], one[1])) if count]


def _shift(both: pl.DataFrame, score: str) -> Shift:
    change = (both[f"{score}_after"] - both[score]).drop_nulls()
    moving = change.filter(change != 0)
    median, largest = moving.median(), moving[moving.abs().arg_max() or 0] if moving.len() else 0.0
    return Shift(
        rise=int((change > 0).sum()),
        fall=int((change < 0).sum()),
        median=float(median or 0.0),  # type: ignore[arg-type]  # a float column
        largest=float(largest or 0.0),  # type: ignore[arg-type]
    )


def _digest(desk: Desk, night: Night) -> str:
    """All that a preview is computed from."""
    read = (*FEATURE_SETTINGS, *LIST_SETTINGS)
    settings = {name: str(getattr(desk.organization, name)) for name in read}
    settings |= {name: str(value) for name, value in desk.settings.items() if name in read}
    parts = [
        "with lists",
        digest_of(desk.in_force),
        digest_of(desk.model),
        night.night.isoformat(),
        night.finished_at.isoformat(),
        settings,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
