"""Renewals and Expansion by keyboard: a forecast set and undone, a next step, a window taken up, a look that counts."""

import re

from playwright.sync_api import expect

OWNER = "helena.vogt@brindel.example"


def test_a_forecast_is_set_and_undone_by_keyboard(sign_in):
    page = sign_in(OWNER)
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/renewals/")
    page.keyboard.press("j")  # takes the first row in hand
    row = page.locator("#renewal-rows [data-key-item]").first
    expect(row).to_have_attribute("data-current", "")
    before = row.locator("[data-key=e]").inner_text()
    page.keyboard.press("e")
    expect(row.locator("[data-key-panel]")).to_be_visible()
    with page.expect_response(re.compile("/forecast/")):
        page.keyboard.press("1")
    page.locator("[data-toast]").wait_for()
    first = page.locator("#renewal-rows [data-key-item]").first
    expect(first.locator("[data-key=e]")).to_have_text("Commit")
    expect(first).to_be_focused()
    with page.expect_response(re.compile("/undo/")):
        page.keyboard.press("z")
    expect(page.locator("#renewal-rows [data-key-item] [data-key=e]").first).to_have_text(before)
    assert page.faults == []


def test_lost_asks_for_its_reason_before_it_is_sent(sign_in):
    page = sign_in(OWNER)
    page.goto("/o/brindel/renewals/")
    sent = []
    page.on("request", lambda request: "/forecast/" in request.url and sent.append(request.url))
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.keyboard.press("4")
    expect(page.locator(":focus")).to_have_attribute("name", "reason")
    assert sent == []
    page.keyboard.type("Budget")
    with page.expect_response(re.compile("/forecast/")):
        page.keyboard.press("Enter")
    page.locator("[data-toast]", has_text="Lost").wait_for()
    page.get_by_text("Budget").first.wait_for()
    with page.expect_response(re.compile("/undo/")):
        page.keyboard.press("z")


def test_a_next_step_is_assigned_from_its_row(sign_in):
    page = sign_in(OWNER)
    page.goto("/o/brindel/renewals/")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator(":focus")).to_have_attribute("name", "title")
    page.keyboard.type("Call about terms")
    with page.expect_response(re.compile("/step/")):
        page.keyboard.press("Enter")
    page.get_by_text("Call about terms").first.wait_for()
    with page.expect_response(re.compile("/undo/")):
        page.keyboard.press("z")
    page.get_by_text("Call about terms").first.wait_for(state="detached")


def test_a_figure_opens_the_contracts_that_make_it_up(sign_in):
    page = sign_in(OWNER)
    page.goto("/o/brindel/renewals/")
    page.locator(".band .fig", has_text="Value at risk").locator("a").click()
    page.wait_for_url("**show=at_risk**")
    figure = page.locator(".band .fig", has_text="Value at risk").locator(".v").inner_text()
    total = page.locator("#renewal-rows tfoot").inner_text()
    exact = int(re.search(r"€([\d,]+)", total).group(1).replace(",", ""))
    assert figure == f"€{round(exact / 1000)}k" or figure == f"€{exact / 1_000_000:.2f}M"
    page.reload()
    assert page.locator("#renewal-rows tfoot").inner_text() == total


def test_a_stage_moves_and_a_window_is_taken_up_by_keyboard(sign_in):
    page = sign_in(OWNER)
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/expansion/")
    page.goto("/o/brindel/expansion/?show=counted")
    page.keyboard.press("j")
    page.keyboard.press("e")
    stage = page.locator("#expansion-rows [data-key-item]").first.locator("[data-key=e]").inner_text()
    key, moved = ("1", "Identified") if stage != "Identified" else ("2", "Qualified")
    with page.expect_response(re.compile("/stage/")):
        page.keyboard.press(key)
    page.locator("[data-toast]", has_text=moved).wait_for()
    with page.expect_response(re.compile("/undo/")):
        page.keyboard.press("z")
    page.goto("/o/brindel/expansion/?show=windows")
    windows = page.locator("#expansion-rows [data-key-item]").count()
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator(":focus")).to_have_attribute("name", "amount")
    with page.expect_response(re.compile("/opportunities/")):
        page.keyboard.press("Enter")
    expect(page.locator("#expansion-rows [data-key-item]")).to_have_count(windows - 1)
    with page.expect_response(re.compile("/undo/")):
        page.keyboard.press("z")
    expect(page.locator("#expansion-rows [data-key-item]")).to_have_count(windows)
    assert page.faults == []


def test_a_reason_and_enter_lose_an_opportunity_and_nothing_else(sign_in):
    page = sign_in(OWNER)
    page.goto("/o/brindel/expansion/?show=counted")
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.keyboard.press("6")
    expect(page.locator(":focus")).to_have_attribute("name", "reason")
    page.keyboard.type("Lost to a rival")
    with page.expect_response(re.compile("/stage/")):
        page.keyboard.press("Enter")
    page.locator("[data-toast]", has_text="Lost").wait_for()
    with page.expect_response(re.compile("/undo/")):
        page.keyboard.press("z")


def test_an_undo_sent_before_htmx_knows_its_toast_stays_on_the_desk(sign_in):
    page = sign_in(OWNER)
    page.goto("/o/brindel/expansion/?show=windows")
    windows = page.locator("#expansion-rows [data-key-item]").count()
    page.keyboard.press("j")
    page.keyboard.press("c")
    with page.expect_response(re.compile("/opportunities/")):
        page.keyboard.press("Enter")
    expect(page.locator("#expansion-rows [data-key-item]")).to_have_count(windows - 1)
    # form.submit() asks nobody, as a form does in the moment between its arrival and htmx's.
    page.locator("[data-toast] form").last.evaluate("(form) => form.submit()")
    expect(page.locator("#expansion-rows [data-key-item]")).to_have_count(windows)
    assert page.url.endswith("/o/brindel/expansion/?show=windows")


def test_an_account_in_sight_for_ten_seconds_is_looked_at_once(sign_in):
    page = sign_in(OWNER)
    page.goto("/o/brindel/accounts/")
    address = page.locator("main table tbody a").first.get_attribute("href")
    with page.expect_request(re.compile("/look/"), timeout=14_000) as asked:
        page.goto(address)
    assert asked.value.method == "POST"
    assert asked.value.post_data is None
    assert asked.value.response().status == 204
    assert page.faults == []
