"""The engine: what the facts of an account mean. Frames in, frames out; no Django, no clock, no I/O."""

from .diagnosis import COLUMNS, diagnose, measure_book
from .explanation import Contribution, read_contributions
from .model import DEFAULT_MODEL, ScoringModel
from .schema import FEATURES, conform
from .segments import STATE

__all__ = [
    "COLUMNS",
    "DEFAULT_MODEL",
    "FEATURES",
    "STATE",
    "Contribution",
    "ScoringModel",
    "conform",
    "diagnose",
    "measure_book",
    "read_contributions",
]
