"""A shared cause by hand: a choice of accounts, its addresses, one key for all of them, and its undo."""

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

JONAS = "jonas.lindqvist@brindel.example"


def test_a_choice_of_accounts_is_recorded_and_taken_back_as_one(sign_in) -> None:
    page = sign_in(JONAS)
    page.goto("/o/brindel/today/")
    row = page.locator(".prio--group").first
    boxes = row.locator("input[name=priority]")
    whole = boxes.count()
    assert whole > 1
    row.click(position={"x": 20, "y": 20})
    mail = row.locator("a.btn--primary")
    addresses = mail.get_attribute("href").split("bcc=")[1].split("&")[0].split(",")
    boxes.first.uncheck()
    assert mail.get_attribute("href").split("bcc=")[1].split("&")[0].split(",") == addresses[1:]
    assert row.locator("[data-check-all]").evaluate("box => box.indeterminate")
    boxes.first.focus()
    page.keyboard.press("e")
    expect(row.locator("fieldset[data-panel]").first).to_be_visible()
    page.keyboard.press("2")
    expect(page.locator("[data-toast]")).to_contain_text("mailed, recorded")
    expect(page.locator("#priorities-part .tabs")).to_contain_text(f"Done {whole - 1}")
    page.keyboard.press("z")
    expect(page.locator(".prio--group").first.locator("input[name=priority]")).to_have_count(whole)
    assert page.faults == []


def test_without_a_script_the_row_stands_open_and_its_buttons_work(sign_in) -> None:
    page = sign_in(JONAS, java_script_enabled=False)
    page.goto("/o/brindel/today/")
    row = page.locator(".prio--group").first
    expect(row.locator("button[name=outcome][value=mailed]")).to_be_visible()
    row.locator("button[name=outcome][value=mailed]").click()
    expect(page.locator("body")).to_contain_text("mailed, recorded")
    page.locator("form[action*='/undo/'] button").first.click()
    expect(page.locator(".prio--group")).to_have_count(1)
