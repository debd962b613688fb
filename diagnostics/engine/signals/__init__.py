"""All signals, in the order in which a model numbers them. A new one is one entry in one of the files."""

from . import billing, crm, potential, support, usage
from .declaration import SCORES, SOURCES, TIERS, Ramp, Records, Score, Signal, Source, Wording

SIGNALS: tuple[Signal, ...] = (
    *usage.SIGNALS,
    *support.SIGNALS,
    *billing.SIGNALS,
    *crm.SIGNALS,
    *potential.SIGNALS,
)
BY_NAME: dict[str, Signal] = {signal.name: signal for signal in SIGNALS}

if len(BY_NAME) != len(SIGNALS):
    raise RuntimeError("Two signals share a name.")

__all__ = [
    "BY_NAME",
    "SCORES",
    "SIGNALS",
    "SOURCES",
    "TIERS",
    "Ramp",
    "Records",
    "Score",
    "Signal",
    "Source",
    "Wording",
]
