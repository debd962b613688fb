"""The matrix of a book: its cells, its accounts as points, what crossed a line, and the account in hand."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, TextField, Value, When
from django.utils.functional import cached_property

from diagnostics.engine import ScoringModel
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Movement
from diagnostics.models.diagnoses import Lever, Segment
from diagnostics.queries.choices import owner_name
from diagnostics.queries.diagnosed import Scope, run_over_found
from diagnostics.queries.movements import CROSSINGS, MovementRow, describe_movements

# From here on every account as a disc is a blot: cells, with the largest accounts over them.
MOST_POINTS = 200
NAMED_IN_CELLS = 25
CELL_POINTS = 10
TONIGHT = 5
CROSSING_DAYS = 30
GROWTH_LEVERS = tuple(lever for lever in Lever.values if lever != Lever.RETAIN)


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts of one cell and segment on one side of both thresholds, with what they come to."""

    health: int | None
    potential: int | None
    healthy: bool | None
    high: bool | None
    segment: str
    count: int
    arr: Decimal
    room: Decimal
    open_windows: Decimal


@dataclass(frozen=True, slots=True)
class Total:
    """A number of accounts and their ARR."""

    count: int = 0
    arr: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class MatrixPoint:
    """One scored account; `before` is (health, potential) where the trail starts, None without one."""

    id: uuid.UUID
    health: float
    potential: float
    segment: str
    arr: Decimal
    name: str
    tier: str
    customer_since: date | None
    owner: str
    before: tuple[float, float] | None
    segment_before: str | None

    @property
    def health_change(self) -> float | None:
        return None if self.before is None else self.health - self.before[0]

    @property
    def potential_change(self) -> float | None:
        return None if self.before is None else self.potential - self.before[1]


@dataclass(frozen=True)
class Matrix:
    """Everything that the matrix of one scope shows but the account or cell in hand."""

    groups: tuple[Group, ...]
    points: tuple[MatrixPoint, ...]
    model: ScoringModel
    is_large: bool

    @cached_property
    def placed(self) -> tuple[Group, ...]:
        """The groups that have a place: both scores known."""
        return tuple(group for group in self.groups if group.healthy is not None and group.high is not None)

    @property
    def placed_total(self) -> Total:
        """The accounts that have a place."""
        return self.total(lambda group: group.healthy is not None and group.high is not None)

    def total(self, holds: Callable[[Group], object] = lambda group: True) -> Total:
        """What the groups for which `holds` come to, those without a place included."""
        kept = [group for group in self.groups if holds(group)]
        return Total(sum(group.count for group in kept), sum((group.arr for group in kept), Decimal(0)))

    def quadrant(self, *, healthy: bool, high: bool) -> Total:
        """The accounts on one side of both thresholds."""
        return self.total(lambda group: group.healthy is healthy and group.high is high)

    def in_segment(self, segment: str) -> Total:
        """The accounts of one segment, those without a place included."""
        return self.total(lambda group: group.segment == segment)

    @property
    def withheld(self) -> Total:
        """The accounts that have no place, because a score is withheld."""
        return self.total(lambda group: group.healthy is None or group.high is None)

    @property
    def fragile_and_valuable(self) -> Total:
        """Defense accounts below the threshold now; those that are back above it and held are not counted."""
        return self.total(lambda group: group.segment == Segment.DEFENSE and group.healthy is False)

    @property
    def room(self) -> Decimal:
        """What healthy accounts with high potential can still carry."""
        return sum((group.room for group in self.placed if group.healthy and group.high), Decimal(0))

    @property
    def open_windows(self) -> Decimal:
        """The part of the room whose lever is open now, over all healthy accounts."""
        return sum((group.open_windows for group in self.placed if group.healthy), Decimal(0))

    def cells(self) -> dict[tuple[int, int], Total]:
        """Ten-point cells by their lower left corner (health, potential), accounts that are drawn as discs included."""
        cells: dict[tuple[int, int], Total] = {}
        for group in self.placed:
            key = (group.health or 0, group.potential or 0)
            before = cells.get(key, Total())
            cells[key] = Total(before.count + group.count, before.arr + group.arr)
        return cells


# The groups, then the largest placed accounts, in one pass over the book.
_SELECT = """
SELECT least(floor(health / 10), 9)::int * 10, least(floor(potential / 10), 9)::int * 10,
       health >= %s, potential >= %s, segment, count(*), coalesce(sum(arr), 0),
       coalesce(sum(expansion_potential_arr), 0),
       coalesce(sum(expansion_potential_arr) FILTER (WHERE lever = ANY(%s)), 0), NULL::uuid
FROM found GROUP BY 1, 2, 3, 4, 5
UNION ALL
(SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, account_id
 FROM found WHERE health IS NOT NULL AND potential IS NOT NULL
 ORDER BY arr DESC NULLS LAST, account_id LIMIT %s)
"""


def read_matrix(scope: Scope) -> Matrix:
    """The matrix of the scope's diagnosed accounts; needs the nights read with their model."""
    model = read_model(scope.nights.last.model_version)
    limits = model.thresholds
    rows = run_over_found(
        scope,
        diagnosis=("arr", "health", "potential", "segment", "lever", "expansion_potential_arr"),
        select=_SELECT,
        params=(limits.fragile_below, limits.high_potential_from, list(GROWTH_LEVERS), MOST_POINTS),
    )
    groups = tuple(Group(*row[:9]) for row in rows if row[9] is None)
    largest = [row[9] for row in rows if row[9] is not None]
    is_large = (
        sum(group.count for group in groups if group.healthy is not None and group.high is not None) > MOST_POINTS
    )
    earlier = scope.nights.before if is_large else scope.nights.month_ago
    points = _read_points(largest[:NAMED_IN_CELLS] if is_large else largest, scope.nights.last.night, earlier)
    return Matrix(groups, tuple(points), model, is_large)


def _read_points(ids: Sequence[uuid.UUID], night: date, earlier: date | None) -> list[MatrixPoint]:
    nights = [day for day in (night, earlier) if day]
    owned_by = Case(When(night=night, then=owner_name()), default=Value(""), output_field=TextField())
    columns = (
        "health",
        "potential",
        "segment",
        "arr",
        "account__name",
        "account__tier",
        "account__customer_since",
        "owner",
    )
    rows = Diagnosis.objects.filter(night__in=nights, account_id__in=ids).annotate(owner=owned_by)
    now: dict[uuid.UUID, list[Any]] = {}
    then: dict[uuid.UUID, list[Any]] = {}
    for account_id, day, *rest in rows.values_list("account_id", "night", *columns):
        (now if day == night else then)[account_id] = rest
    points = []
    for account_id in ids:
        health, potential, segment, arr, name, tier, since, owner = now[account_id]
        h, p, segment_before, *_rest = then.get(account_id, (None, None, None))
        points.append(
            MatrixPoint(
                id=account_id,
                health=health,
                potential=potential,
                segment=segment,
                arr=arr or Decimal(0),
                name=name,
                tier=tier,
                customer_since=since,
                owner=owner,
                before=None if h is None or p is None else (h, p),
                segment_before=segment_before,
            )
        )
    return points


def read_crossings(scope: Scope, matrix: Matrix, language: str) -> list[MovementRow]:
    """The accounts that changed segment in the last 30 days, each by its last change, largest ARR first."""
    last = scope.nights.last.night
    moves = Movement.objects.filter(
        kind__in=CROSSINGS,
        night__gt=last - timedelta(days=CROSSING_DAYS),
        night__lte=last,
        account_id__in=[point.id for point in matrix.points],
    )
    latest = {}
    for move in moves.select_related("account").order_by("night", "-place"):
        latest[move.account_id] = move
    ranked = sorted(latest.values(), key=lambda move: (-(move.arr or 0), move.account.name))
    return describe_movements(ranked, {last: matrix.model}, language)


def read_moves_of_the_night(scope: Scope, matrix: Matrix, language: str) -> list[MovementRow]:
    """The largest accounts of the scope that crossed a line or whose health moved last night."""
    last = scope.nights.last.night
    moves = Movement.objects.filter(
        night=last,
        kind__in=(*CROSSINGS, Movement.Kind.HEALTH_MOVED),
        account_id__in=scope.diagnoses.values("account_id"),
    )
    if not scope.is_whole:
        moves = moves.filter(account_id__in=scope.accounts.values("pk"))
    # An account may both cross a line and move: its heaviest kind stands for it.
    first_of_each: dict[uuid.UUID, Movement] = {}
    largest = moves.select_related("account").order_by(F("arr").desc(nulls_last=True), "account_id", "place")
    for move in largest[: 3 * TONIGHT]:
        first_of_each.setdefault(move.account_id, move)
    return describe_movements(list(first_of_each.values())[:TONIGHT], {last: matrix.model}, language)
