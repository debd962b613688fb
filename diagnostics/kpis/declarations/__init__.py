"""Every KPI of the product, declared once: screens, export, targets and docs/kpis.md read it from here."""

from diagnostics.kpis.declarations import added, defended, movements, worked
from diagnostics.kpis.declarations.kpi import Benchmark, Kpi, Owner, Part, Switch, Unit

KPIS: dict[str, Kpi] = {kpi.name: kpi for kpi in (*defended.KPIS, *added.KPIS, *worked.KPIS, *movements.KPIS)}

__all__ = ["KPIS", "Benchmark", "Kpi", "Owner", "Part", "Switch", "Unit", "find_kpi"]


def find_kpi(name: str) -> tuple[Kpi, str]:
    """(the declaration, the detail) of a name as in kpis.csv; raises KeyError for one that is not declared."""
    bare, _, detail = name.partition(":")
    return KPIS[bare], detail
