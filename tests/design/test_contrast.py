"""WCAG 2.2 AA by computation, from the tokens themselves, in both themes."""

import pytest

from tests.design.stylesheet import blend, contrast, read_tokens

TOKENS = read_tokens()
THEMES = {"light": 0, "dark": 1}
PAPERS = ("canvas", "surface", "sunken", "raised", "hover")

TEXT = [
    *((ink, paper) for ink in ("ink", "ink-2", "ink-3", "accent") for paper in PAPERS),
    *((ink, paper) for ink in ("expand-ink", "defend-ink", "warn-ink") for paper in PAPERS),
    *((f"{mark}-ink", f"{mark}-soft") for mark in ("expand", "defend", "follow", "warn")),
    *((ink, soft) for ink in ("ink", "ink-2") for soft in ("accent-soft", "expand-soft", "defend-soft", "warn-soft")),
    ("ink-2", "follow-soft"),
    ("accent-strong", "accent-soft"),
    ("ink", "pressed"),
    ("on-solid", "accent-solid"),
    ("on-solid", "accent-solid-hover"),
    ("on-series", "series"),
    ("on-inverse", "inverse"),
    ("on-inverse", "inverse-soft"),
    ("surface", "ink"),
    ("canvas", "ink"),
    ("surface", "defend"),
    ("surface", "expand"),
    ("surface", "ink-2"),
    ("axis", "surface"),
    ("axis", "canvas"),
]
EDGES = [
    *((edge, paper) for edge in ("edge", "accent") for paper in ("canvas", "surface", "sunken")),
    *((mark, "surface") for mark in ("expand", "defend", "follow", "warn", "series", "series-2")),
    *((mark, f"{mark}-soft") for mark in ("expand", "defend", "warn")),
]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "paper"), TEXT)
def test_text_reaches_4_5(ink: str, paper: str, theme: str) -> None:
    at = THEMES[theme]
    assert contrast(TOKENS[ink][at], TOKENS[paper][at]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("edge", "paper"), EDGES)
def test_control_edges_and_chart_marks_reach_3(edge: str, paper: str, theme: str) -> None:
    at = THEMES[theme]
    assert contrast(TOKENS[edge][at], TOKENS[paper][at]) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("mark", ["expand", "defend", "follow"])
def test_text_over_the_strongest_matrix_cell_reaches_4_5(mark: str, theme: str) -> None:
    # .q5 paints the mark at 0.28 over the surface, and figures stand on it in ink and ink-2.
    at = THEMES[theme]
    cell = blend(TOKENS[mark][at], TOKENS["surface"][at], 0.28)
    assert contrast(TOKENS["ink"][at], cell) >= 4.5
    assert contrast(TOKENS["ink-2"][at], cell) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_expansion_and_defense_stay_apart_without_red_and_green(theme: str) -> None:
    # Viénot's deuteranope matrix in linear light: the two marks still differ in lightness or hue.
    at = THEMES[theme]
    seen = [_as_deuteranope(TOKENS[name][at]) for name in ("expand", "defend")]
    assert sum(abs(a - b) for a, b in zip(*seen, strict=True)) > 0.25


def _as_deuteranope(colour: tuple[float, float, float]) -> list[float]:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    mixed = [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b]
    return [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in (max(0.0, c) for c in mixed)]
