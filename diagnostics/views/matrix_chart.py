"""The matrix as the template draws it: geometry joined with the words, figures and addresses of each mark."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.formats import format_money, format_money_compact, format_number
from diagnostics.charts.discs import Bubble, Point, shorten
from diagnostics.charts.matrix import Cell, CellTotal, Chart, Spot, draw_accounts, draw_cells
from diagnostics.charts.scale import Tick
from diagnostics.filter_menus import MenuWriter, name_segments
from diagnostics.filters import Range
from diagnostics.models.diagnoses import Segment
from diagnostics.queries.matrix import CELL_POINTS, Matrix, Total
from diagnostics.queries.rows import AccountRow

KINDS = {Segment.EXPANSION: "expand", Segment.DEFENSE: "defend", Segment.REGULAR: "follow"}


@dataclass(frozen=True, slots=True)
class ShownBubble:
    """One account on the chart: `label` names it to assistive technology, `name` stands beside it."""

    bubble: Bubble
    kind: str
    name: str
    label: str
    preview: str
    url: str
    is_selected: bool


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One cell: `hue` says the quadrant; `url` takes it in hand, `list_url` lists its accounts."""

    cell: Cell
    hue: str
    arr: str
    count: str
    label: str
    url: str
    list_url: str
    is_selected: bool


@dataclass(frozen=True, slots=True)
class ShownChart:
    """Everything inside the SVG."""

    chart: Chart
    bubbles: tuple[ShownBubble, ...]
    cells: tuple[ShownCell, ...]
    captions: tuple[tuple[Spot, str, str, str], ...]
    columns: tuple[Tick, ...]
    rows: tuple[Tick, ...]
    has_trails: bool

    @property
    def has_cells(self) -> bool:
        return bool(self.cells)

    @property
    def left_width(self) -> float:
        return round(self.chart.threshold_x - self.chart.plot.left, 1)

    @property
    def right_width(self) -> float:
        return round(self.chart.plot.right - self.chart.threshold_x, 1)

    @property
    def upper_height(self) -> float:
        return round(self.chart.threshold_y - self.chart.plot.top, 1)

    @property
    def plot_height(self) -> float:
        return self.chart.plot.bottom - self.chart.plot.top


class ChartWriter:
    """Writes the chart of one matrix in the reader's language and the organization's currency."""

    def __init__(self, matrix: Matrix, *, currency: str, menus: MenuWriter, lists: MenuWriter) -> None:
        self.matrix, self.currency, self.menus, self.lists = matrix, currency, menus, lists
        self.language = get_language() or "en"
        self.segments = name_segments()
        self.health, self.potential = _("Health"), _("Potential")
        self.between = _("%(low)s to %(high)s")
        self.cell_label = _("Health %(health)s, potential %(potential)s: %(accounts)s, %(arr)s")
        limits = matrix.model.thresholds
        self.fragile_below, self.high_from = limits.fragile_below, limits.high_potential_from

    def write_accounts(self, *, trails: bool, selected: UUID | None) -> ShownChart:
        """Every account as a disc."""
        captions = self._captions()
        chart = draw_accounts(
            [_point(point, trails) for point in self.matrix.points],
            fragile_below=self.fragile_below,
            high_from=self.high_from,
            captions=[(name, figures) for _tone, name, figures in captions],
            first_named=str(selected or ""),
        )
        placed = zip(chart.captions, captions, strict=True)
        return self._shown(chart, selected, captions=tuple((place, *lines) for place, lines in placed))

    def write_cells(
        self, *, trails: bool, selected: UUID | None, cell: tuple[int, int] | None, further: Iterable[AccountRow] = ()
    ) -> ShownChart:
        """Cells, and the largest accounts over them; `further` are drawn as well, the account in hand for one."""
        totals = [CellTotal(*corner, float(total.arr), total.count) for corner, total in self.matrix.cells().items()]
        figures = {
            (total.health, total.potential): (self._compact(total.arr), self._number(total.count)) for total in totals
        }
        points = [*self.matrix.points, *further]
        chart = draw_cells(
            [_point(point, trails) for point in points],
            sorted(totals, key=lambda total: (total.health, total.potential)),
            fragile_below=self.fragile_below,
            high_from=self.high_from,
            figures=figures,
            first_named=str(selected or ""),
        )
        cells = tuple(self._cell(one, figures, cell) for one in chart.cells)
        return self._shown(chart, selected, cells=cells, points=points)

    def _shown(
        self,
        chart: Chart,
        selected: UUID | None,
        *,
        cells: tuple[ShownCell, ...] = (),
        captions: tuple[tuple[Spot, str, str, str], ...] = (),
        points: list[AccountRow] | None = None,
    ) -> ShownChart:
        by_key = {str(point.id): point for point in points or self.matrix.points}
        return ShownChart(
            chart=chart,
            bubbles=tuple(self._bubble(bubble, by_key[bubble.key], selected) for bubble in chart.bubbles),
            cells=cells,
            captions=captions,
            columns=chart.horizontal.ticks(),
            rows=chart.vertical.ticks(),
            has_trails=any(bubble.trail for bubble in chart.bubbles),
        )

    def _bubble(self, bubble: Bubble, point: AccountRow, selected: UUID | None) -> ShownBubble:
        segment = self.segments[point.segment]
        health = self._with_change(point.health or 0, point.health_change)
        potential = self._with_change(point.potential or 0, point.potential_change)
        scores = f"{self.health} {health}, {self.potential} {potential}"
        arr = format_money(point.arr or 0, self.currency, language=self.language)
        name = " ".join(point.name.split())
        return ShownBubble(
            bubble=bubble,
            kind=KINDS[Segment(point.segment)],
            name=shorten(point.name),
            label=f"{name}, {segment}, {scores}, {arr}",
            preview=f"{name}\n{segment}, {arr}\n{scores}",
            url=self.menus.url_with(f"account={point.id}"),
            is_selected=point.id == selected,
        )

    def _cell(
        self, cell: Cell, figures: dict[tuple[int, int], tuple[str, str]], chosen: tuple[int, int] | None
    ) -> ShownCell:
        corner = cell.total.health, cell.total.potential
        health, potential = (Range(low, low + CELL_POINTS) for low in corner)
        label = self.cell_label % {
            "health": self.between % {"low": health.low, "high": health.high},
            "potential": self.between % {"low": potential.low, "high": potential.high},
            "accounts": self._write_count(cell.total.count),
            "arr": figures[corner][0],
        }
        healthy, high = (
            low + CELL_POINTS / 2 >= limit
            for low, limit in zip(corner, (self.fragile_below, self.high_from), strict=True)
        )
        return ShownCell(
            cell=cell,
            hue="qd" if not healthy else "qe" if high else "qf",
            arr=figures[corner][0],
            count=figures[corner][1],
            label=label,
            url=self.menus.url_with(f"cell={corner[0]}-{corner[1]}"),
            list_url=list_cell(self.lists, corner),
            is_selected=corner == chosen,
        )

    def _captions(self) -> list[tuple[str, str, str]]:
        """The four quadrants from the top left: tone, name, figures."""
        quadrants = (
            ("t-def", _("Fragile, room to grow"), self.matrix.quadrant(healthy=False, high=True)),
            ("t-exp", _("Healthy, room to grow"), self.matrix.quadrant(healthy=True, high=True)),
            ("t-def", _("Fragile, little room"), self.matrix.quadrant(healthy=False, high=False)),
            ("t-2", _("Healthy, little room"), self.matrix.quadrant(healthy=True, high=False)),
        )
        return [(tone, name, self.write_total(total)) for tone, name, total in quadrants]

    def write_total(self, total: Total) -> str:
        """€411k, 3 accounts."""
        return f"{self._compact(float(total.arr))}, {self._write_count(total.count)}"

    def _write_count(self, count: int) -> str:
        return ngettext("%(number)s account", "%(number)s accounts", count) % {"number": self._number(count)}

    def _with_change(self, score: float, change: float | None) -> str:
        if not change:
            return self._number(score)
        return f"{self._number(score)} ({format_number(change, language=self.language, signed=True)})"

    def _compact(self, amount: float) -> str:
        return format_money_compact(amount, self.currency, language=self.language)

    def _number(self, value: float) -> str:
        return format_number(value, language=self.language)


def list_cell(lists: MenuWriter, corner: tuple[int, int]) -> str:
    """The accounts list that holds what a cell counts; `lists` has no range of its own."""
    health, potential = (Range(low, low + CELL_POINTS) for low in corner)
    return lists.url_with(f"health={health}&potential={potential}")


def _point(row: AccountRow, trails: bool) -> Point:
    """The account as geometry sees it; both its scores are known."""
    health, potential = row.health or 0.0, row.potential or 0.0
    before = None
    if trails and row.health_before is not None and row.potential_before is not None:
        before = row.health_before, row.potential_before
    return Point(str(row.id), row.name, float(row.arr or 0), health, potential, before)
