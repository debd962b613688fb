"""KPIs in a real browser: from a figure to one account's movements in three steps, by pointer and by keyboard."""

import time

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

OWNER = "helena.vogt@brindel.example"
SECONDS = 120


@pytest.fixture
def kpis(sign_in):
    """The KPI page of a closed period; the figures follow the sample's nights."""
    page = sign_in(OWNER)
    deadline = time.monotonic() + SECONDS
    page.goto("/o/brindel/kpis/")
    while not page.locator(".kpi-band").count() and time.monotonic() < deadline:
        page.wait_for_timeout(1000)
        page.reload()
    page.locator("summary", has_text="Period:").click()
    page.locator(".pop a[href*='period=']").first.click()
    page.wait_for_url("**period=**")
    return page


def focus_next(page, selector: str) -> None:
    """Tab until what the selector names has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab.")


def test_from_nrr_to_the_movements_of_one_account_in_three_clicks(kpis) -> None:
    figure = kpis.locator(".kpi-band a.kpi-a").first
    shown = figure.inner_text()
    figure.click()
    expect(kpis.locator("h1")).to_contain_text("NRR")
    assert kpis.locator("tfoot td").last.inner_text() == shown
    kpis.locator("tbody th a").first.click()
    expect(kpis.locator("h2").first).to_have_text("Movements of the period")
    kpis.locator("summary", has_text="in other periods").click()
    expect(kpis.locator("details.more tbody tr").first).to_be_visible()
    assert kpis.faults == []


def test_the_same_way_by_keyboard_alone(kpis) -> None:
    press = kpis.keyboard.press
    kpis.goto("/o/brindel/accounts/")
    press("g")
    press("k")
    expect(kpis.locator("h1")).to_have_text("KPIs")
    focus_next(kpis, "a.kpi-a")
    press("Enter")
    expect(kpis.locator("h1")).to_contain_text("NRR")
    focus_next(kpis, "tbody th a")
    press("Enter")
    expect(kpis.locator("h2").first).to_have_text("Movements of the period")


def test_a_bar_of_the_waterfall_is_a_link_that_the_keyboard_reaches(kpis) -> None:
    focus_next(kpis, "svg a")
    kpis.keyboard.press("Enter")
    kpis.wait_for_url("**/kpis/arr_start/**")
    assert kpis.faults == []


def test_the_cohort_switch_changes_its_map_in_place_and_the_address(kpis) -> None:
    kpis.locator(".card-h a", has_text="ARPA").click()
    kpis.wait_for_url("**map=arpa**")
    expect(kpis.locator("table.heat a.h").first).to_contain_text("€")
    kpis.reload()
    expect(kpis.locator("table.heat a.h").first).to_contain_text("€")
    assert kpis.faults == []
