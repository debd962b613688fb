"""docs/kpis.md, from the declarations and docstrings of the KPIs."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

from diagnostics.kpis import (
    activation,
    balances,
    cohorts,
    cross_sell,
    execution,
    growth,
    pipeline,
    relationships,
    renewals,
    retention,
    risk,
    success,
)
from diagnostics.kpis.anticipation import renewal_anticipation
from diagnostics.kpis.declarations import KPIS, Kpi, Part, Switch

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kpis.md"
MODULES = (
    activation, cohorts, cross_sell, execution, growth, pipeline, relationships, renewals, retention, risk, success,
)  # fmt: skip
# Where the function is not named as the KPI.
FUNCTIONS: dict[str, Callable[..., object]] = {
    "renewal_rate_accounts": renewals.renewal_rate,
    "monthly_arpa": growth.arpa,
    "renewal_anticipation": renewal_anticipation,
}
PARTS = {
    Part.DEFENDED: "Revenue defended",
    Part.ADDED: "Revenue added",
    Part.EXECUTION: "Execution: for steering, never for evaluating a person",
    Part.SUCCESS: "Customer success",
    Part.MOVEMENTS: "Movements of the ledger",
}
SWITCHES = {
    Switch.REACTIVATION: "NRR counts accounts that came back (off)",
    Switch.GRACE: "late-renewal grace (30 days)",
    Switch.PERSONS: "execution figures per person are shown to others (on)",
}
HEAD = """# The KPIs

This page is written from the code by `python manage.py write_kpi_docs`; a test holds it to the code.

Every revenue KPI is a sum over one ledger of ARR movements (`portfolio/ledger/`): start + movements = end, per account,
group and total. Amounts are exact; they are rounded, half up, when shown. Periods are calendar months and fiscal
quarters, named after the year in which the fiscal year begins. A ratio over a zero base is "n/a". A KPI whose facts are
not there (no night, no exchanges, no usage, no milestones) is absent, not zero.

Groups: tier as of day 1; value segment by the ARR of day 1 (A: the largest accounts that make 80 %, B the next 15 %, C
the rest); cohort, the fiscal quarter of the first paid day; owner, the Account Manager of the day the KPI names, else
the CSM, so that books add up; ultimate parent. `none` is an account without the group.

A transfer between accounts of one parent stays with the account it was counted at. What a period said when it closed is
kept; `manage.py rebuild_kpis` lists what the facts now say differently.
"""


def find_function(kpi: Kpi) -> Callable[..., object]:
    """The function whose docstring defines the KPI."""
    if kpi.name in FUNCTIONS:
        return FUNCTIONS[kpi.name]
    if kpi.part is Part.MOVEMENTS:
        return balances.balance_periods
    return next(getattr(module, kpi.name) for module in MODULES if hasattr(module, kpi.name))


def describe(kpi: Kpi) -> Iterator[str]:
    """The lines of one KPI."""
    function = find_function(kpi)
    yield f"### `{kpi.name}`: {kpi.label[0]}"
    yield ""
    yield kpi.definition[0]
    yield ""
    yield f"- Formula: {kpi.formula[0]}"
    yield f"- Unit: {kpi.unit.value}; owner: of {kpi.owner.value}"
    for detail, words in kpi.details.items():
        unit = kpi.unit_of(detail)
        yield f"- `{kpi.name}:{detail}`: {words[0]}" + (f" ({unit.value})" if unit is not kpi.unit else "")
    if kpi.switches:
        yield f"- Switches: {'; '.join(SWITCHES[switch] for switch in kpi.switches)}"
    if kpi.benchmark:
        yield f"- Benchmark: {kpi.benchmark.text[0]} ({kpi.benchmark.source}, {kpi.benchmark.year})"
    yield f"- When it moves: {kpi.moved[0]}"
    yield f"- In French: {kpi.label[1]}. {kpi.definition[1]}"
    yield ""
    yield f"`{function.__module__}.{function.__name__}`:"
    yield ""
    yield from (f"> {line}".rstrip() for line in (inspect.getdoc(function) or "").splitlines())
    yield ""


def write_page() -> str:
    """The whole page."""
    lines = [HEAD]
    for part, title in PARTS.items():
        lines += [f"## {title}", ""]
        for kpi in KPIS.values():
            if kpi.part is part:
                lines += describe(kpi)
    return "\n".join(lines).rstrip() + "\n"
