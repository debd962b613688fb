"""Geometry of the stakeholder map: stance from against to for across, influence from uses to decides upwards. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH, HEIGHT = 304.0, 142.0
LEFT, RIGHT, TOP, BOTTOM = 16.0, 304.0, 8.0, 122.0
RADIUS = 13.0
GAP = 2 * RADIUS + 4
MOST = 12

COLUMNS = {"detractor": 0, "neutral": 1, "": 1, "supporter": 2}
ROWS = {"economic_buyer": 0, "decision_maker": 0, "champion": 1, "influencer": 1}
LAST_ROW = 2


@dataclass(frozen=True, slots=True)
class Person:
    """Who stands where: initials, stance and role by their codes."""

    initials: str
    stance: str
    role: str


@dataclass(frozen=True, slots=True)
class Disc:
    """One person's disc; `text_y` is the baseline of the initials."""

    x: float
    y: float
    text_y: float
    initials: str
    stance: str


def draw_people(people: Iterable[Person]) -> list[Disc]:
    """The discs of at most twelve people; empty where nobody's stance is known, because then a map says nothing.

    People of one stance and influence stand side by side, as many as their cell holds; the rest are left to the list.
    """
    shown = list(people)[:MOST]
    if not any(person.stance for person in shown):
        return []
    cells: dict[tuple[int, int], list[Person]] = {}
    for person in shown:
        place = COLUMNS.get(person.stance, 1), ROWS.get(person.role, LAST_ROW)
        cells.setdefault(place, []).append(person)
    wide, high = (RIGHT - LEFT) / 3, (BOTTOM - TOP) / 3
    fit = int(wide // GAP)
    discs = []
    for (column, row), members in sorted(cells.items()):
        members = members[:fit]
        middle, y = LEFT + (column + 0.5) * wide, TOP + (row + 0.5) * high
        first = middle - (len(members) - 1) * GAP / 2
        for index, person in enumerate(members):
            x = round(first + index * GAP, 1)
            discs.append(Disc(x, round(y, 1), round(y + 4, 1), person.initials, person.stance))
    return discs
