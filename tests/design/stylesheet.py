"""What tests read from the style sheets and templates: tokens as colours, classes, contrast."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STYLES = ROOT / "static" / "css"
TEMPLATES = ROOT / "templates"
ROOMS = ("accounts", "portfolio", "integrations", "diagnostics")

type Colour = tuple[float, float, float]


def read_tokens() -> dict[str, tuple[Colour, Colour]]:
    """Every colour token of tokens.css as (light, dark)."""
    text = (STYLES / "tokens.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", text)
    return {name: (_colour(light), _colour(dark)) for name, light, dark in pairs}


def contrast(a: Colour, b: Colour) -> float:
    """WCAG 2.2 contrast ratio of two colours, 1 to 21."""
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def blend(top: Colour, under: Colour, opacity: float) -> Colour:
    """`top` painted at `opacity` over `under`."""
    return tuple(t * opacity + u * (1 - opacity) for t, u in zip(top, under, strict=True))  # type: ignore[return-value]  # three parts in, three out


def all_styles() -> str:
    """Every style sheet, comments left out."""
    text = "\n".join(path.read_text() for path in sorted(STYLES.glob("*.css")))
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def all_templates() -> list[Path]:
    """Every HTML template of the project and of its rooms."""
    folders = [TEMPLATES, *(ROOT / room / "templates" for room in ROOMS)]
    return sorted(path for folder in folders for path in folder.rglob("*.html"))


def _colour(text: str) -> Colour:
    return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]  # #rrggbb has three parts


def _luminance(colour: Colour) -> float:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
