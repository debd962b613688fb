"""docs/diagnosis.md says of each signal what the engine does."""

from pathlib import Path

from diagnostics.engine import DEFAULT_MODEL
from diagnostics.engine.signals import SIGNALS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "diagnosis.md"


def write_row(signal):
    ramp = signal.ramp
    worst, neutral, best = ("–" if end is None else f"{end:g}" for end in (ramp.worst, ramp.neutral, ramp.best))
    reward = f" (×{ramp.reward:g})" if ramp.reward != 1 else ""
    weights = ", ".join(f"{weight:g}" for weight in signal.weight)
    return f"| `{signal.name}` | {signal.source} | {signal.label[0]} | {worst}, {neutral}, {best}{reward} | {weights} |"


def test_the_table_of_signals_is_what_the_engine_does():
    lines = DOCUMENT.read_text().splitlines()
    assert [line for line in lines if line.startswith("| `")] == [write_row(signal) for signal in SIGNALS]


def test_the_bases_and_curves_are_those_of_the_default_model():
    text = DOCUMENT.read_text()
    risk = DEFAULT_MODEL.risk
    assert f"## Health, from base {DEFAULT_MODEL.base['health']:g}" in text
    assert f"## Potential, from base {DEFAULT_MODEL.base['potential']:g}" in text
    assert f"| per point of health | −{-risk.churn_per_point:g} | −{-risk.renewal_per_point:g} |" in text
    assert f"| health at its base | −{-risk.churn_at_base:g} (3.6 %) | −{-risk.renewal_at_base:g} (10 %) |" in text
