"""Worked examples that vendors and others printed: each comes out to the printed digit on a portfolio of its inputs.

The expected figures are read from the collection; a gross or net churn rate is 1 less what is kept.
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.kpis.books import make_account, read, show, subscribe

FILE = Path(__file__).resolve().parents[3] / "shared" / "kpi" / "published_examples.json"
Q2 = ("2026-04-01", "2026-06-30")
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="The collection of published examples is not beside us.")


def example(kpi: str, source: str) -> tuple[dict, dict]:
    """(inputs, expected) of the one example of this KPI whose source holds this text."""
    [found] = [e for e in json.loads(FILE.read_text()) if e["kpi"] == kpi and source in e["source"]]
    assert found["use"].startswith("assert")
    return found["inputs"], found["expected"]


def keep(mrr: object, name: str = "stays") -> None:
    if Decimal(str(mrr)):
        subscribe(make_account(name), mrr, "2025-01-01", term_months=12)


def change(before: object, after: object, name: str, on: str = "2026-05-10", **more: object) -> None:
    account = make_account(name)
    subscribe(account, before, "2025-01-01", on)
    subscribe(account, after, on, **more)


def churn(mrr: object, name: str = "leaves") -> None:
    subscribe(make_account(name), mrr, "2025-01-01", "2026-05-10")


def begin(mrr: object, name: str = "new") -> None:
    subscribe(make_account(name), mrr, "2026-05-01")


def quarter(kpi: str) -> tuple[Decimal, Decimal | None]:
    return read(*Q2)["2026-Q2", "", kpi]


def mixed_book(start: int, *, churned: int = 0, contracted: int = 0, expanded: int = 0) -> None:
    """An MRR at the start, and what leaves, shrinks and grows of it."""
    rest = start - churned - contracted
    if churned:
        churn(churned)
    if contracted:
        change(contracted * 2, contracted, "shrinks")
        rest -= contracted
    if expanded:
        change(1, 1 + expanded, "grows")
        rest -= 1
    keep(rest)


@pytest.fixture
def book(acme_context):
    return acme_context


def test_gross_churn_rate(book):
    given, expected = example("gross_mrr_churn_rate", "203359341")
    mixed_book(
        given["mrr_start"], churned=given["churn_mrr"], contracted=given["contraction_mrr"],
        expanded=given["expansion_mrr"],
    )  # fmt: skip
    assert 100 - show(quarter("grr"), factor=100) == expected["gross_mrr_churn_rate_pct"]


def test_net_churn_rate(book):
    given, expected = example("net_mrr_churn_rate", "4414075567250")
    mixed_book(
        given["mrr_start"], churned=given["churn_mrr"], contracted=given["contraction_mrr"],
        expanded=given["expansion_mrr"],
    )  # fmt: skip
    assert 100 - show(quarter("nrr"), factor=100) == expected["net_mrr_churn_rate_pct"]


def test_monthly_arpa(book):
    given, expected = example("monthly_arpa", "chartmogul")
    for place, mrr in enumerate(given["mrr_by_customer"]):
        keep(mrr, f"customer {place}")
    figure = quarter("monthly_arpa")
    assert (figure[0], show(figure)) == (expected["mrr_total"], expected["arpa"])


def test_a_second_subscription_is_expansion_and_losing_it_contraction(book):
    _given, expected = example("mrr_movements", "201244842")
    account = make_account("customer")
    # 2,000 a year: as an MRR to the hundredth of a cent.
    subscribe(account, "166.6667", "2026-01-10", name="gold", term_months=12)
    subscribe(account, 60, "2026-02-10", "2026-03-10", name="silver", product="silver", term_months=1)
    figures = read("2026-01-01", "2026-03-31", "month")
    monthly = {
        "new_business_mrr": figures["2026-01", "", "arr_new"],
        "expansion_mrr": figures["2026-02", "", "arr_expansion"],
        "contraction_mrr": figures["2026-03", "", "arr_contraction"],
    }
    shown = {name: float(abs(show((figure[0] / 12, None), "0.01"))) for name, figure in monthly.items()}
    assert shown == expected
    assert {figures[f"2026-0{month}", "", "arr_churn"][0] for month in (1, 2, 3)} == {0}


@pytest.mark.parametrize(("added", "lost"), [(24000, 4000), (40000, 20000)])
def test_quick_ratio_of_sums(book, added, lost):
    [expected] = [
        e["expected"]["quick_ratio"]
        for e in json.loads(FILE.read_text())
        if e["kpi"] == "quick_ratio" and e["inputs"].get("new_plus_expansion_mrr") == added
    ]
    begin(added - 1000)
    change(10, 1010, "grows")
    churn(lost - 500)
    change(1000, 500, "shrinks")
    assert show(quarter("quick_ratio"), "0.01") == expected


@pytest.mark.parametrize("source", ["super-calc.com", "pitchkit.net"])
def test_quick_ratio_of_parts(book, source):
    given, expected = example("quick_ratio", source)
    begin(given["new_mrr"])
    change(10, 10 + given["expansion_mrr"], "grows")
    churn(given["churn_mrr"])
    change(given["contraction_mrr"] * 2, given["contraction_mrr"], "shrinks")
    figures = read(*Q2)
    assert show(figures["2026-Q2", "", "quick_ratio"], "0.01") == Decimal(str(expected["quick_ratio"]))
    gross = figures["2026-Q2", "", "arr_new"][0] + figures["2026-Q2", "", "arr_expansion"][0]
    assert gross / 12 == expected.get("gross_new_mrr", gross / 12)
    lost = figures["2026-Q2", "", "arr_churn"][0] + figures["2026-Q2", "", "arr_contraction"][0]
    assert (gross + lost) / 12 == expected.get("net_new_mrr", (gross + lost) / 12)


def test_cohort_net_retention_is_not_capped(book):
    given, expected = example("cohort_net_mrr_retention", "chargebee")
    account = make_account("activated")
    subscribe(account, given["mrr_at_activation"], "2025-01-20", "2025-08-01")
    subscribe(account, given["mrr_dec_2017"], "2025-08-01")
    from accounts.models import Organization
    from diagnostics.kpis.cohorts import map_cohorts
    from diagnostics.kpis.compute import Portfolio
    from tests.kpis.books import TODAY

    portfolio = Portfolio.of(Organization.objects.get(), [], TODAY)
    cells = map_cohorts(portfolio.lives, portfolio.cohorts).filter(n=11)
    assert show((cells["nrr"][0], cells["start"][0]), factor=100) == expected["retention_pct"]


def test_nrr_of_customers(book):
    given, expected = example("nrr", "vitally")
    churned, grown, shrunk = given["churned_customers"], given["expanded_customers"], given["contracted_customers"]
    monthly = Decimal(given["arr_start"]) / 12 / given["customers_start"]
    rest = given["customers_start"] - churned - grown - shrunk
    start = Decimal(given["arr_start"]) / 12
    lost = Decimal(given["churn_arr"]) / 12 / churned
    for place in range(churned):
        churn(round(lost, 4), f"leaves {place}")
    more, less = Decimal(given["expansion_arr"]) / 12 / grown, Decimal(given["contraction_arr"]) / 12 / shrunk
    for place in range(grown):
        change(round(monthly, 4), round(monthly + more, 4), f"grows {place}")
    for place in range(shrunk):
        change(round(monthly, 4), round(monthly - less, 4), f"shrinks {place}")
    left = start - round(lost, 4) * churned - round(monthly, 4) * (grown + shrunk)
    for place in range(rest):
        keep(round(left / rest, 4), f"stays {place}")
    figures = read(*Q2)
    figure = figures["2026-Q2", "", "nrr"]
    assert show(figure, factor=100) == expected["nrr_pct"]
    assert round(figure[0], 0) == expected["arr_end_same_customers"]
    # Not printed on the page, worked out from its inputs.
    assert show(figures["2026-Q2", "", "grr"], factor=100) == 95
    assert figures["2026-Q2", "", "logo_retention"] == (90, 100)


def test_renewal_rate_by_number(book):
    given, expected = example("renewal_rate_logo", "dock.us")
    for place in range(given["contracts_due"]):
        renewed = place < given["contracts_renewed"]
        subscribe(
            make_account(f"customer {place}"), 100, "2025-05-10", None if renewed else "2026-05-10", term_months=12
        )
    assert show(quarter("renewal_rate_accounts"), factor=100) == expected["logo_renewal_rate_pct"]


def test_nrr_bridge(book):
    given, expected = example("nrr_grr_bridge", "calcsimpler")
    start = given["arr_start"]
    parts = {name: start * given[f"{name}_pct"] // 100 for name in ("expansion", "contraction", "churn")}
    churn(Decimal(parts["churn"]) / 12)
    change(100_000, 100_000 - round(Decimal(parts["contraction"]) / 12, 4), "shrinks")
    change(50_000, 50_000 + Decimal(parts["expansion"]) / 12, "grows")
    keep(round(Decimal(start) / 12 - Decimal(parts["churn"]) / 12 - 150_000, 4))
    figures = read(*Q2)
    assert show(figures["2026-Q2", "", "nrr"], "0.1", 100) == Decimal(str(expected["nrr_pct"]))
    shown = {
        "arr_end": figures["2026-Q2", "", "arr_end"],
        "expansion_arr": figures["2026-Q2", "", "arr_expansion"],
        "contraction_arr": figures["2026-Q2", "", "arr_contraction"],
        "churn_arr": figures["2026-Q2", "", "arr_churn"],
    }
    assert {name: abs(show(figure)) for name, figure in shown.items()} == {name: expected[name] for name in shown}
    # The page's own 91 % leaves contraction out; GRR never does.
    assert show(figures["2026-Q2", "", "grr"], factor=100) == 87


def test_grr(book):
    given, expected = example("grr", "theprimecalculator")
    mixed_book(given["mrr_start"], churned=given["churn_mrr"], contracted=given["contraction_mrr"])
    top, bottom = quarter("grr")
    assert show((top, bottom), factor=100) == expected["grr_pct"]
    assert (top / 12, (bottom - top) / 12) == (expected["retained_mrr"], expected["total_lost_mrr"])


def test_nrr_with_churn_and_expansion(book):
    given, expected = example("nrr", "early.tools")
    churn(round(Decimal(given["churn_arr"]) / 12, 4))
    change(1000, 1000 + Decimal(given["expansion_arr"]) / 12, "grows")
    keep(round(Decimal(given["arr_start"] - given["churn_arr"]) / 12 - 1000, 4))
    figure = quarter("nrr")
    assert (show(figure, factor=100), show((figure[0], None))) == (expected["nrr_pct"], expected["arr_end"])


def test_grr_stays_whole_when_only_upsell_happens(book):
    given, expected = example("nrr_grr", "scalexp")
    change(100, 100 + given["upsell_pct"], "grows")
    figures = read(*Q2)
    assert show(figures["2026-Q2", "", "nrr"], factor=100) == expected["nrr_pct"]
    assert show(figures["2026-Q2", "", "grr"], factor=100) == expected["grr_pct"]


def test_cohort_average_is_weighted_by_initial_revenue(book):
    given, expected = example("cohort_grr_weighted_average", "gpbullhound")
    # Months of one fiscal year: each cohort's month 12 closes a month after the one before.
    for place, cohort in enumerate(given["cohorts"]):
        month = 4 + place
        account = make_account(f"cohort {place}")
        kept = Decimal(cohort["mrr"]) * cohort["grr_pct"] / 100
        subscribe(account, cohort["mrr"], f"2025-{month:02}-01", "2026-01-01")
        subscribe(account, kept, "2026-01-01")
    # Too young for month 12: left out.
    subscribe(make_account("young"), 99_999, "2026-01-01", "2026-02-01")
    later = read("2026-04-01", "2026-09-30")
    tops = [later[period, "", "grr:m12"][0] for period in ("2026-Q2", "2026-Q3")]
    bottoms = [later[period, "", "grr:m12"][1] for period in ("2026-Q2", "2026-Q3")]
    assert show((sum(tops), sum(bottoms)), factor=100) == expected["weighted_average_pct"]


def test_logo_retention_counts_customers(book):
    given, expected = example("logo_retention", "cloudblue")
    left = given["customers_start"] - (given["customers_end"] - given["customers_new"])
    kept = given["customers_start"] - left
    # A tenth of the customers, so that the shares are the same.
    for place in range(kept // 10):
        keep(10, f"stays {place}")
    for place in range(left // 10):
        churn(10, f"leaves {place}")
    for place in range(given["customers_new"] // 10):
        begin(10, f"new {place}")
    assert show(quarter("logo_retention"), factor=100) == expected["retention_pct"]


def test_expansion_of_one_account_by_lever(book):
    given, expected = example("account_expansion_pct", "account management")
    account = make_account("customer")
    amounts = [
        ("2025-01-01", "acv_start_k", "new"), ("2026-04-10", "upsell_k", "upsell"),
        ("2026-04-20", "cross_sell_k", "cross_sell"), ("2026-05-10", "price_increase_k", "price"),
        ("2026-06-10", "seat_growth_k", "seats"),
    ]  # fmt: skip
    total = Decimal(0)
    for place, (on, name, reason) in enumerate(amounts):
        total += Decimal(str(given[name])) * 1000
        end = amounts[place + 1][0] if place + 1 < len(amounts) else None
        subscribe(account, total / 12, on, end, name="one", change_reason=reason)
    figures = read(*Q2)
    assert show(figures["2026-Q2", "", "expansion_rate"], factor=100) == expected["expansion_pct"]
    assert show(figures["2026-Q2", "", "arr_end"], "0.1") == Decimal(str(expected["acv_end_k"])) * 1000
    for lever, name in (("upsell", "upsell_k"), ("seats", "seat_growth_k"), ("price", "price_increase_k")):
        shown = show(figures["2026-Q2", "", f"expansion_revenue:{lever}"])
        assert shown == Decimal(str(given[name])) * 1000
