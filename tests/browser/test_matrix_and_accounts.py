"""Matrix and Accounts as a person uses them: by pointer, by keyboard, with a true address."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

CSM = "camille.roussel@brindel.example"
expect = pytest.importorskip("playwright.sync_api").expect


def query_of(page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_disc_takes_its_account_in_hand(sign_in):
    page = sign_in(CSM)
    page.goto("/o/brindel/matrix/")
    disc = page.locator("svg a[data-take]").nth(3)
    identifier, label = disc.get_attribute("id"), disc.get_attribute("aria-label")
    name = label.split(",")[0]
    disc.focus()
    expect(page.locator("#matrix-preview")).to_be_visible()
    assert page.locator("#matrix-preview text").first.text_content() == name
    page.keyboard.press("Escape")
    expect(page.locator("#matrix-preview")).to_be_hidden()
    with page.expect_response(re.compile("account=")):
        page.keyboard.press("Enter")
    expect(page.locator("section[aria-label='Selected account'] h2")).to_have_text(name)
    assert query_of(page)["account"] == [identifier.removeprefix("account-")]
    expect(page.locator(f"#{identifier}")).to_be_focused()
    page.reload()
    expect(page.locator("section[aria-label='Selected account'] h2")).to_have_text(name)
    assert page.faults == []


def test_v_turns_the_chart_into_its_table_and_back(sign_in):
    page = sign_in(CSM)
    page.goto("/o/brindel/matrix/")
    drawn = page.locator("svg a[data-take]").count()
    page.keyboard.press("v")
    page.wait_for_url("**view=table")
    expect(page.locator("#matrix-rows tr")).to_have_count(drawn)
    page.keyboard.press("v")
    page.wait_for_url(re.compile("/matrix/$"))
    expect(page.locator("svg.mx-svg")).to_be_visible()


def test_a_filter_stands_in_the_address_and_keeps_the_focus(sign_in):
    page = sign_in(CSM)
    page.goto("/o/brindel/accounts/")
    before = page.locator("#accounts-rows tr").count()
    page.locator("#filter-segment").click()
    page.get_by_role("link", name="Defense", exact=True).click()
    page.wait_for_url("**segment=defense_priority")
    expect(page.locator("#accounts-rows tr")).not_to_have_count(before)
    assert 0 < page.locator("#accounts-rows tr").count() < before
    expect(page.locator("#filter-segment")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("account")
    # What a filter can take is read when its menu opens.
    page.locator("#filter-owner").click()
    page.get_by_role("link", name=re.compile("^Camille Roussel")).click()
    page.wait_for_url("**owner=camille**")
    assert query_of(page)["segment"] == ["defense_priority"]
    page.get_by_role("link", name="Clear filters").click()
    page.wait_for_url(re.compile(r"/accounts/(\?book=own)?$"))
    assert page.faults == []


def test_rows_are_walked_and_opened_by_keyboard(sign_in):
    page = sign_in(CSM)
    page.goto("/o/brindel/accounts/?sort=name")
    rows = page.locator("#accounts-rows tr")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    name = rows.nth(1).locator("th a").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/accounts/[0-9a-f-]{36}/"))
    expect(page.locator("h1")).to_have_text(name)


def test_a_list_is_kept_under_a_name(sign_in):
    page = sign_in(CSM)
    page.goto("/o/brindel/accounts/?segment=expansion_priority&sort=decision")
    page.get_by_text("Saved views").click()
    page.fill("#view-name", "Ripe <b>now</b>")
    page.get_by_role("button", name="Keep this list").click()
    expect(page.locator("[data-toast]")).to_contain_text("Ripe <b>now</b> is kept.")
    page.goto("/o/brindel/accounts/")
    page.get_by_text("Saved views").click()
    page.get_by_role("link", name="Ripe <b>now</b>").click()
    page.wait_for_url("**segment=expansion_priority&sort=decision")
    page.locator(".views-m").locator("xpath=..").locator("summary").click()
    page.get_by_role("button", name="Delete Ripe").click()
    expect(page.locator("[data-toast]")).to_contain_text("deleted")


def test_the_palette_opens_an_account(sign_in):
    page = sign_in(CSM)
    page.goto("/o/brindel/matrix/")
    page.keyboard.press("Control+k")
    page.keyboard.type("halvor")
    expect(page.locator("#palette-found [aria-selected=true]")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/accounts/[0-9a-f-]{36}/"))
    expect(page.locator("h1")).to_contain_text("Halvorsen")


def test_without_script_the_same_addresses_show_the_same(sign_in, browser):
    page = sign_in(CSM, java_script_enabled=False)
    page.goto("/o/brindel/matrix/")
    # A disc may lie under a larger one's rim: the link itself is followed.
    page.goto(page.locator("svg a[data-take]").nth(2).get_attribute("href"))
    assert page.locator("section[aria-label='Selected account']").count() == 1
    page.goto("/o/brindel/accounts/?book=all")
    page.locator("#filter-owner").click()
    page.get_by_role("link", name="Choose from a list").click()
    page.get_by_role("link", name=re.compile("^Jonas")).click()
    assert query_of(page)["owner"] == ["jonas.lindqvist@brindel.example"]
    page.fill("#accounts-q", "halvor")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=halvor**")
    assert query_of(page)["owner"] == ["jonas.lindqvist@brindel.example"]
