"""Why this level, why this change: contributions as a table whose shown figures add up to the shown total.

Scores are exact in sixteenths. Shown to a tenth, each rounded by itself, a column would miss its total by a tenth or
two; so the rounding is shared out over the rows (largest remainder), and a reader can redo the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from accounts.formats import MINUS
from diagnostics.queries.account import AccountDiagnosis, Change
from diagnostics.queries.causes import Cause

FIRST = 5
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Row:
    """One cause and its points as shown."""

    cause: Cause
    points: Decimal


@dataclass(frozen=True, slots=True)
class Explanation:
    """A table of causes: `start` + `sum` = `end` in the figures shown, and exactly in those behind them.

    For a level, `start` is the model's base and `end` the score; for a change, the score then and now. `most` is the
    largest contribution, for the bars.
    """

    rows: list[Row]
    others: list[Row]
    start: Decimal
    end: Decimal
    change: Change | None = None

    @property
    def sum(self) -> Decimal:
        """What all causes add."""
        return self.end - self.start

    @property
    def all_rows(self) -> list[Row]:
        """Every cause, heaviest first."""
        return [*self.rows, *self.others]

    @property
    def sign(self) -> str:
        """Plus or minus, as the equation writes it."""
        return MINUS if self.sum < 0 else "+"

    @property
    def sum_size(self) -> Decimal:
        """What all causes add, without its sign."""
        return abs(self.sum)

    @property
    def others_sum(self) -> Decimal:
        """What the causes beyond the first five add."""
        return sum((row.points for row in self.others), Decimal(0))

    @property
    def others_range(self) -> tuple[Decimal, Decimal]:
        """The least and the most that one of the others adds."""
        points = [row.points for row in self.others]
        return min(points), max(points)

    @property
    def most(self) -> Decimal:
        """The largest contribution in absolute value."""
        return max((abs(row.points) for row in self.rows), default=Decimal(0))


def explain_level(found: AccountDiagnosis, score: str) -> Explanation | None:
    """Why the score stands where it stands; None where it is withheld."""
    value = getattr(found.diagnosis, score)
    if value is None:
        return None
    return _tabulate(found.causes(score), start=found.base(score), end=value)


def explain_known(found: AccountDiagnosis) -> Explanation | None:
    """What weighs on the risks while health is withheld; None where nothing does. Its ends are shown to nobody."""
    causes = found.causes("health")
    total = sum(cause.points for cause in causes)
    return _tabulate(causes, start=0.0, end=total) if causes else None


def explain_change(found: AccountDiagnosis, score: str) -> Explanation | None:
    """Why it moved within about thirty days; None where either score is unknown or nothing changed."""
    change = found.change(score)
    if change is None or found.before is None:
        return None
    explained = _tabulate(
        change.causes, start=getattr(found.before, score), end=getattr(found.diagnosis, score), change=change
    )
    return explained if explained.rows else None


def share_out(points: Sequence[float], total: Decimal) -> list[Decimal]:
    """The points to a tenth such that they add up to `total`, itself to a tenth. `total` is near their exact sum."""
    exact = [Decimal(str(point)) for point in points]
    shown = [point.quantize(TENTH, rounding=ROUND_FLOOR) for point in exact]
    missing = int((total - sum(shown, Decimal(0))) / TENTH)
    # Those that rounding down robbed most come first. Where both ends were rounded, one tenth may be too many.
    by_remainder = sorted(range(len(exact)), key=lambda place: (shown[place] - exact[place], place))
    order = by_remainder if missing >= 0 else by_remainder[::-1]
    for turn in range(abs(missing) if exact else 0):
        shown[order[turn % len(order)]] += TENTH if missing > 0 else -TENTH
    return shown


def _tabulate(causes: Sequence[Cause], *, start: float, end: float, change: Change | None = None) -> Explanation:
    first, last = _to_tenth(start), _to_tenth(end)
    rows = [Row(*pair) for pair in zip(causes, share_out([c.points for c in causes], last - first), strict=True)]
    return Explanation(rows[:FIRST], rows[FIRST:], first, last, change)


def _to_tenth(score: float) -> Decimal:
    return Decimal(str(score)).quantize(TENTH, rounding=ROUND_HALF_UP)
