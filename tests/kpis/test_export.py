"""kpis.csv: its columns, and that it says the same before an export and after its import."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.context import service_context
from accounts.models import Organization
from accounts.organizations import found_organization
from diagnostics.kpis.declarations import KPIS, Unit, find_kpi
from diagnostics.kpis.exporting import COLUMNS, export_kpis, plain
from portfolio.exporting import Folder, export_organization
from portfolio.importing import begin_import, find_sources, run_import
from portfolio.models import Account, Import, Subscription
from tests.kpis.books import TODAY, make_account, subscribe
from tests.portfolio.desk import write_small_sample

NAMES = [
    "nrr", "grr", "renewal_rate", "renewal_rate_accounts", "logo_retention", "value_at_risk", "confirmed_loss",
    "expected_loss", "arr_secured", "expansion_revenue", "expansion_rate", "expansion_growth",
    "average_revenue_per_expansion_account", "arpa", "monthly_arpa", "cross_sell_conversion_rate",
    "cross_sell_win_rate", "expansion_activation_rate", "referral_expansion_revenue", "expansion_pipeline",
    "fictional_pipeline", "expansion_revenue_potential", "quick_ratio", "portfolio_coverage",
    "renewal_anticipation", "account_plan_freshness", "qbr_engagement_rate", "relationship_depth",
    "customer_health", "adoption_rate", "time_to_value", "expansion_readiness_index", "intent_signal_volume",
    "arr_start", "arr_new", "arr_expansion", "arr_contraction", "arr_churn", "arr_reactivation", "arr_transfer",
    "arr_fx", "arr_end",
]  # fmt: skip


def write(**options) -> list[dict[str, str]]:
    text = io.StringIO()
    given = {"first": date(2026, 1, 1), "last": date(2026, 6, 30), "today": TODAY} | options
    export_kpis(Organization.objects.get(), text, **given)
    return list(csv.DictReader(io.StringIO(text.getvalue())))


def test_every_kpi_of_the_contract_is_declared_once():
    assert sorted(KPIS) == sorted(NAMES)


def test_a_declaration_says_everything_in_both_languages():
    for kpi in KPIS.values():
        for words in (kpi.label, kpi.definition, kpi.formula, kpi.moved, *kpi.details.values()):
            assert len(words) == 2
            assert all(words)
        assert kpi.definition[0] != kpi.definition[1]
        if kpi.benchmark:
            assert kpi.benchmark.source
            assert 2000 < kpi.benchmark.year <= TODAY.year


def test_the_whole_comes_before_its_groups(acme_context):
    subscribe(make_account("a", tier="smb"), 100, "2025-05-01", term_months=12)
    rows = write(by="tier")
    assert tuple(rows[0]) == COLUMNS
    arr = [(r["period"], r["group"], r["value"], r["unit"]) for r in rows if r["kpi"] == "arr_end"]
    assert arr == [
        ("2026-Q1", "", "1200", "currency"), ("2026-Q1", "smb", "1200", "currency"),
        ("2026-Q2", "", "1200", "currency"), ("2026-Q2", "smb", "1200", "currency"),
    ]  # fmt: skip
    assert {find_kpi(row["kpi"])[0].unit_of("") for row in rows} <= set(Unit)


def test_a_zero_base_has_no_value(acme_context):
    subscribe(make_account("a"), 100, "2025-05-01")
    [ratio] = [row for row in write(last=date(2026, 3, 31)) if row["kpi"] == "quick_ratio"]
    assert (ratio["value"], ratio["numerator"], ratio["denominator"]) == ("", "0", "0")


def test_numbers_are_plain():
    numbers = ("1200.000000000000", "0.1250005", "-0.0000001", "1E+3")
    assert [plain(Decimal(n)) for n in numbers] == ["1200", "0.125001", "0", "1000"]


def test_the_command(cast, acme_context, capsys):
    subscribe(make_account("a"), 100, "2025-05-01")
    options = {"organization": "acme", "first": date(2026, 1, 1), "last": date(2026, 3, 31)}
    call_command("export_kpis", **options, every="month")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert "2026-02,,arr_end,1200,1200,,currency" in lines
    with pytest.raises(CommandError, match="comes before"):
        call_command("export_kpis", **{**options, "last": date(2025, 1, 1)})
    with pytest.raises(CommandError, match="Nothing is known"):
        call_command("export_kpis", **{**options, "first": date(2090, 1, 1), "last": date(2090, 2, 1)})


def test_export_and_import_of_the_sample_give_the_same_kpis(cast, tmp_path):
    """Nights are not part of an export: what reads them is diagnosed anew, so both sides are read without."""
    (tmp_path / "sample").mkdir()
    write_small_sample(tmp_path / "sample", TODAY)
    first = bring(cast.acme, tmp_path / "sample")
    export_organization(cast.acme.id, Folder(tmp_path / "export"))
    other = found_organization(name="Other", slug="other", owner=cast.charlie)
    assert bring(other, tmp_path / "export") == first
    assert {row["kpi"].partition(":")[0] for row in first} >= {"nrr", "renewal_rate", "portfolio_coverage", "arr_fx"}


def bring(organization, folder) -> list[dict[str, str]]:
    """Import a folder; the KPIs by tier of the last year."""
    sources = find_sources([folder])
    with service_context(organization.id):
        begun = begin_import(Organization.objects.get(), sources, origin=Import.Origin.COMMAND)
    run_import(organization.id, begun.pk, sources=sources)
    with service_context(organization.id):
        return write(first=TODAY - timedelta(days=365), last=TODAY, by="tier")


def test_last_paid_days_give_the_same_kpis(cast, tmp_path):
    """The same book with both kinds of end dates, one of which says so at import."""
    found = []
    for organization, shift, last_paid in ((cast.acme, 0, False), (cast.globex, 1, True)):
        folder = tmp_path / str(shift)
        folder.mkdir()
        ends = [date(2026, 2, 1), date(2026, 5, 10)]
        told = [(day - timedelta(days=shift)).isoformat() for day in ends]
        (folder / "accounts.csv").write_text("account_id,name\nA,A\nB,B\n")
        (folder / "products.csv").write_text("product_id,name\nP,P\n")
        (folder / "subscriptions.csv").write_text(
            "subscription_id,account_id,product_id,started_on,ended_on,mrr,term_months\n"
            f"1,A,P,2025-02-01,{told[0]},100,12\n1,A,P,2026-02-01,,130,12\n2,B,P,2025-01-01,{told[1]},40,12\n"
        )
        sources = find_sources([folder])
        with service_context(organization.id):
            begun = begin_import(
                Organization.objects.get(), sources, origin=Import.Origin.COMMAND, last_paid_days=last_paid
            )
        run_import(organization.id, begun.pk, sources=sources)
        with service_context(organization.id):
            assert Account.objects.count() == 2
            assert Subscription.objects.count() == 3
            found.append(write())
    assert found[0] == found[1]
    assert any(row["kpi"] == "arr_churn" and row["value"] == "-480" for row in found[0])
