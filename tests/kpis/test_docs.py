"""docs/kpis.md is what the code says."""

from diagnostics.kpis.declarations import KPIS
from diagnostics.kpis.documenting import PAGE, find_function, write_page


def test_the_page_is_written_from_the_code():
    """Run: python manage.py write_kpi_docs."""
    assert PAGE.read_text(encoding="utf-8") == write_page()


def test_every_kpi_has_a_docstring_with_its_unit():
    for kpi in KPIS.values():
        assert "Unit" in (find_function(kpi).__doc__ or ""), kpi.name
