"""The matrix of a book: its cells, its accounts as points, what crossed a line, and the account in hand."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import F
from django.utils.functional import cached_property

from diagnostics.engine import ScoringModel
from diagnostics.model_versions import read_model
from diagnostics.models import Movement
from diagnostics.models.diagnoses import Lever, Segment
from diagnostics.queries.diagnosed import Scope, run_over_found
from diagnostics.queries.movements import CROSSINGS, MovementRow, describe_movements
from diagnostics.queries.rows import AccountRow, read_rows

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

    @property
    def is_placed(self) -> bool:
        """Whether both scores are known, so that the accounts have a place on the chart."""
        return self.healthy is not None and self.high is not None


@dataclass(frozen=True, slots=True)
class Total:
    """A number of accounts and their ARR."""

    count: int = 0
    arr: Decimal = Decimal(0)


@dataclass(frozen=True)
class Matrix:
    """Everything that the matrix of one scope shows but the account or cell in hand."""

    groups: tuple[Group, ...]
    points: tuple[AccountRow, ...]
    model: ScoringModel
    is_large: bool

    @cached_property
    def placed(self) -> tuple[Group, ...]:
        """The groups that have a place: both scores known."""
        return tuple(group for group in self.groups if group.is_placed)

    @property
    def placed_total(self) -> Total:
        """The accounts that have a place."""
        return self.total(lambda group: group.is_placed)

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
        return self.total(lambda group: not group.is_placed)

    @property
    def fragile_and_valuable(self) -> Total:
        """Defense accounts below the threshold now; those that are back above it and held are not counted."""
        return self.total(lambda group: group.segment == Segment.DEFENSE and group.healthy is False)

    @property
    def room(self) -> Decimal:
        """What healthy accounts with high potential can still carry."""
        return sum((group.room for group in self.groups), Decimal(0))

    @property
    def open_windows(self) -> Decimal:
        """The part of that room whose lever is open now."""
        return sum((group.open_windows for group in self.groups), Decimal(0))

    def cells(self) -> dict[tuple[int, int], Total]:
        """Ten-point cells by their lower left corner (health, potential), accounts that are drawn as discs included."""
        cells: dict[tuple[int, int], Total] = {}
        for group in self.placed:
            key = (group.health or 0, group.potential or 0)
            before = cells.get(key, Total())
            cells[key] = Total(before.count + group.count, before.arr + group.arr)
        return cells


# The groups, then the largest placed accounts. Room is asked for where alone it is shown, of healthy accounts with
# high potential: adding up decimals is the dearest part.
_SELECT = """
SELECT least(floor(health / 10), 9)::int * 10, least(floor(potential / 10), 9)::int * 10,
       health >= %s, potential >= %s, segment, count(*), coalesce(sum(arr), 0),
       coalesce(sum(expansion_potential_arr) FILTER (WHERE health >= %s AND potential >= %s), 0),
       coalesce(sum(expansion_potential_arr) FILTER (WHERE health >= %s AND potential >= %s
                                                     AND lever = ANY(%s)), 0), NULL::uuid
FROM found GROUP BY 1, 2, 3, 4, 5
UNION ALL
(SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, id
 FROM found WHERE health IS NOT NULL AND potential IS NOT NULL
 ORDER BY arr DESC NULLS LAST, id LIMIT %s)
"""


def read_matrix(scope: Scope) -> Matrix:
    """The matrix of the scope's diagnosed accounts; needs the nights read with their model."""
    model = read_model(scope.nights.last.model_version)
    sides = model.thresholds.fragile_below, model.thresholds.high_potential_from
    rows = run_over_found(
        scope,
        diagnosis=("arr", "health", "potential", "segment", "lever", "expansion_potential_arr"),
        select=_SELECT,
        params=(*(3 * sides), list(GROWTH_LEVERS), MOST_POINTS),
    )
    groups = tuple(Group(*row[:9]) for row in rows if row[9] is None)
    largest = [row[9] for row in rows if row[9] is not None]
    is_large = sum(group.count for group in groups if group.is_placed) > MOST_POINTS
    points = read_rows(
        scope,
        largest[:NAMED_IN_CELLS] if is_large else largest,
        earlier=scope.nights.before if is_large else scope.nights.month_ago,
    )
    return Matrix(groups, tuple(points), model, is_large)


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
