"""Where names go on a crowded chart: boxes that meet no disc, no other box and, where it can be had, no trail.

All lengths are user units of the SVG; y grows downwards.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Advance widths of Inter at 12 px and weight 600, digits all as wide, in em, grouped by width: measured in a browser,
# because the font draws small sizes wider.
WIDTHS_600 = {
    character: width
    for width, characters in {
        0.275: " ,.:;ijlìíî\N{NARROW NO-BREAK SPACE}\N{NO-BREAK SPACE}",
        0.3: "I’ÌÍÎÏ",
        0.325: "'·",
        0.35: "!\\ft",
        0.375: "`|",
        0.4: "()/[]{}",
        0.425: "rï",
        0.475: "_",
        0.5: "^–",
        0.525: '"',
        0.55: "?s",
        0.575: "Lakxzàáâäåã",
        0.6: "FJcevyçèéêëýÿ",
        0.625: "EbdhnopquñòóôöõøùúûüÈÉÊË",
        0.65: "#$*+-0123456789<=>PSg~£−ß",
        0.675: "&BRTZ",
        0.7: "€",
        0.725: "DKXYÝ",
        0.75: "ACGHUVÀÁÂÄÅÃÇÙÚÛÜ",
        0.775: "NOQÑÒÓÔÖÕØ",
        0.85: "w",
        0.9: "m",
        0.925: "M©æ",
        0.975: "…",
        1.0: "@œ",
        1.025: "%ŒÆ",
        1.05: "W",
    }.items()
    for character in characters
}
UNKNOWN_WIDTH = 0.75
SQUARE = 48.0


def estimate_width(text: str, size: float = 12.0) -> float:
    """The width of one line of Inter 600 at `size`, never too small for the letters of European names."""
    return (
        sum(WIDTHS_600.get(character, UNKNOWN_WIDTH if ord(character) < 0x1100 else 1.05) for character in text) * size
    )


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle from (left, top) to (right, bottom)."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, by: float, *, upwards: float = 0.0) -> "Box":
        """Wider by `by` on the left and on the right, taller by `upwards` above and below."""
        return Box(self.left - by, self.top - upwards, self.right + by, self.bottom + upwards)

    def meets_box(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def meets_disc(self, x: float, y: float, radius: float) -> bool:
        near_x = min(max(x, self.left), self.right)
        near_y = min(max(y, self.top), self.bottom)
        return (x - near_x) ** 2 + (y - near_y) ** 2 < radius**2

    def meets_line(self, x1: float, y1: float, x2: float, y2: float) -> bool:
        """Liang and Barsky's clipping: whether any part of the segment lies inside."""
        enter, leave = 0.0, 1.0
        for delta, low, high in (
            (x2 - x1, self.left - x1, self.right - x1),
            (y2 - y1, self.top - y1, self.bottom - y1),
        ):
            if delta == 0:
                if low > 0 or high < 0:
                    return False
                continue
            first, last = sorted((low / delta, high / delta))
            enter, leave = max(enter, first), min(leave, last)
            if enter > leave:
                return False
        return True

    def lies_in(self, frame: "Box") -> bool:
        return (
            self.left >= frame.left
            and self.right <= frame.right
            and self.top >= frame.top
            and self.bottom <= frame.bottom
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A free place for one line of text: anchor point on its baseline, and its leader line where it has one."""

    x: float
    y: float
    anchor: str
    box: Box
    leader: tuple[float, float, float, float] | None = None


type Disc = tuple[float, float, float]
type Line = tuple[float, float, float, float]

ASCENT, DESCENT = 9.5, 3.5
GAP = 5.0
# Between the ends of two names on one line.
AIR = 4.0
# A leader line is worth its ink only this near to its disc.
RINGS = (12.0, 26.0)
COMPASS = tuple(math.radians(angle) for angle in (0, 180, 45, -45, 135, -135, 90, -90))


class Placer:
    """Places names one after another among discs, lines and boxes that stand already."""

    def __init__(self, frame: Box, discs: Iterable[Disc], lines: Iterable[Line] = (), boxes: Iterable[Box] = ()):
        self.frame = frame
        self.boxes: list[Box] = []
        self._lines = tuple(lines)
        # By squares of the plane: a name is compared with what stands near it, not with everything.
        self._discs: dict[tuple[int, int], list[Disc]] = defaultdict(list)
        self._near: dict[tuple[int, int], list[Box]] = defaultdict(list)
        for disc in discs:
            x, y, radius = disc
            for key in _squares(Box(x - radius, y - radius, x + radius, y + radius)):
                self._discs[key].append(disc)
        for box in boxes:
            self.take(box)

    def is_free(self, box: Box, *, clear_of_lines: bool) -> bool:
        """Whether nothing stands in the box; lines count only where `clear_of_lines` says so."""
        if not box.lies_in(self.frame):
            return False
        for key in _squares(box):
            if any(box.meets_box(other) for other in self._near.get(key, ())):
                return False
            if any(box.meets_disc(*disc) for disc in self._discs.get(key, ())):
                return False
        return not (clear_of_lines and any(box.meets_line(*line) for line in self._lines))

    def take(self, box: Box) -> None:
        """Keep the box for what stands there now."""
        self.boxes.append(box)
        for key in _squares(box):
            self._near[key].append(box)

    def place(self, text: str, disc: Disc) -> Place | None:
        """The best free place for `text` beside `disc`; None where even a leader line finds none. Takes it."""
        width = estimate_width(text)
        ways = (
            ((_beside, True), (_beside, False), (_around, True)) if self._lines else ((_beside, True), (_around, True))
        )
        for candidates, clear_of_lines in ways:
            for place in candidates(disc, width):
                if self.is_free(place.box, clear_of_lines=clear_of_lines) and self._names_clearly(place, disc):
                    # Lines of text may stand close above one another, not end to end.
                    self.take(place.box.grown(AIR))
                    return place
        return None

    def _names_clearly(self, place: Place, own: Disc) -> bool:
        """Without a leader a name belongs to the nearest disc, which must be its own."""
        if place.leader is not None:
            return self._leads_freely(place, own)
        near = place.box.grown(GAP + 2, upwards=GAP + 2)
        # A speck beside a large disc takes nobody's name.
        weighty = own[2] / 2
        return not any(
            disc != own and disc[2] >= weighty and near.meets_disc(*disc)
            for key in _squares(near)
            for disc in self._discs.get(key, ())
        )

    def _leads_freely(self, place: Place, own: Disc) -> bool:
        """A leader that runs over another disc would name the wrong one."""
        if place.leader is None:
            return True
        x1, y1, x2, y2 = place.leader
        span = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        others = {disc for key in _squares(span) for disc in self._discs.get(key, ()) if disc != own}
        if any(_distance(disc[0], disc[1], place.leader) < disc[2] for disc in others):
            return False
        return not any(box.meets_line(*place.leader) for key in _squares(span) for box in self._near.get(key, ()))


def _squares(box: Box) -> Iterator[tuple[int, int]]:
    for column in range(int(box.left // SQUARE), int(box.right // SQUARE) + 1):
        for row in range(int(box.top // SQUARE), int(box.bottom // SQUARE) + 1):
            yield column, row


def _beside(disc: Disc, width: float) -> Iterator[Place]:
    x, y, radius = disc
    reach, slant = radius + GAP, radius * 0.7071 + GAP * 0.6
    middle = (ASCENT - DESCENT) / 2
    yield _line(x + reach, y + middle, "start", width)
    yield _line(x - reach, y + middle, "end", width)
    yield _line(x, y - radius - GAP, "middle", width)
    yield _line(x, y + radius + GAP + ASCENT - 2, "middle", width)
    for side, anchor in ((1, "start"), (-1, "end")):
        yield _line(x + side * slant, y - slant, anchor, width)
        yield _line(x + side * slant, y + slant + middle, anchor, width)


def _around(disc: Disc, width: float) -> Iterator[Place]:
    x, y, radius = disc
    for ring in RINGS:
        for angle in COMPASS:
            cosine, sine = math.cos(angle), math.sin(angle)
            end_x, end_y = x + (radius + ring) * cosine, y + (radius + ring) * sine
            anchor = "start" if cosine > 0.3 else "end" if cosine < -0.3 else "middle"
            shift = 3 if anchor == "start" else -3 if anchor == "end" else 0
            drop = (ASCENT - DESCENT) / 2 if shift else (-DESCENT if sine < 0 else ASCENT + 1)
            leader = (x + radius * cosine, y + radius * sine, end_x, end_y)
            yield _line(end_x + shift, end_y + drop, anchor, width, leader)


def _line(x: float, y: float, anchor: str, width: float, leader: Line | None = None) -> Place:
    left = x if anchor == "start" else x - width if anchor == "end" else x - width / 2
    return Place(x, y, anchor, Box(left, y - ASCENT, left + width, y + DESCENT), leader)


def _distance(x: float, y: float, line: Line) -> float:
    x1, y1, x2, y2 = line
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = 0.0 if length == 0 else min(max(((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length, 0.0), 1.0)
    return math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))
