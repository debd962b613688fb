"""A morning with Phano: triage by keyboard, a new organization from sign-up to its first import."""

import re

import pytest
from playwright.sync_api import expect

CSM = "camille.roussel@brindel.example"
ACCOUNTS = "account_id,name,customer_since\nA1,Kestrel Logistics,2024-01-15\nA2,Maison Aubrac,2023-05-02\n,No id,\n"


def count_open(page) -> int:
    return page.locator("#priorities > li").count()


def test_triage_by_keyboard_done_and_undone(sign_in):
    page = sign_in(CSM)
    page.goto("/o/brindel/today/")
    before = count_open(page)
    first = page.locator("#priorities > li h3").first.inner_text()
    page.locator("#priorities > li").first.focus()
    page.keyboard.press("j")
    expect(page.locator("#priorities > li").nth(1)).to_have_attribute("data-current", "")
    page.keyboard.press("k")
    page.keyboard.press("e")
    with page.expect_response(re.compile("/done/")):
        page.keyboard.press("1")
    page.locator("[data-toast]").wait_for()
    # The toast comes with the answer, the row leaves by its transition.
    expect(page.locator("#priorities > li")).to_have_count(before - 1)
    # What stands above the list and beside it says the same.
    expect(page.locator("#today-headline b").first).to_contain_text(f"{before - 1} priorit")
    expect(page.locator("#nav-count-today")).to_have_text(str(before - 1))
    assert first in page.locator("[data-toast]").inner_text()
    with page.expect_response(re.compile("/undo/")):
        page.keyboard.press("z")
    expect(page.locator("#priorities > li")).to_have_count(before)
    assert page.locator("#priorities > li h3").first.inner_text() == first
    assert page.faults == []


def test_the_address_holds_the_filters(sign_in):
    page = sign_in(CSM)
    page.goto("/o/brindel/today/")
    page.get_by_text("Lever:").click()
    page.get_by_role("link", name="Retain", exact=True).click()
    page.wait_for_url("**lever=retain**")
    expect(page.locator("summary", has_text="Lever:")).to_contain_text("Retain")
    shown = page.locator("#priorities > li h3").all_inner_texts()
    page.reload()
    assert page.locator("#priorities > li h3").all_inner_texts() == shown


def test_a_new_organization_from_sign_up_to_its_first_import(open_page, running_site, tmp_path):
    page = open_page()
    page.goto("/accounts/signup/")
    page.fill("input[name=email]", "nora@kestrel.example")
    page.fill("input[name=password1]", "a long enough passphrase")
    page.press("input[name=password1]", "Enter")
    page.wait_for_load_state("networkidle")
    letters = sorted((running_site.data / "mail").glob("*"), key=lambda path: path.stat().st_mtime)
    link = re.search(r"http://[^\s]+/accounts/confirm-email/[^\s]+", letters[-1].read_text().replace("=\n", ""))
    page.goto(link.group(0))
    page.locator("main button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    if page.locator("input[name=login]").count():
        page.fill("input[name=login]", "nora@kestrel.example")
        page.fill("input[name=password]", "a long enough passphrase")
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state("networkidle")
    page.fill("input[name=name]", "Kestrel Group")
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url("**/o/**")
    slug = page.url.split("/o/")[1].split("/")[0]
    page.goto(f"/o/{slug}/import/")
    file = tmp_path / "accounts.csv"
    file.write_text(ACCOUNTS)
    page.set_input_files("input[type=file]", file)
    submit = page.get_by_role("button", name="Import", exact=True)
    if submit.is_visible():
        submit.click()
    page.get_by_text("Landed").first.wait_for(timeout=30_000)
    page.goto(f"/o/{slug}/accounts/")
    assert "Kestrel Logistics" in page.locator("main").inner_text()
    assert "Halvorsen" not in page.locator("body").inner_text()


@pytest.mark.parametrize("address", ["today/", "accounts/", "import/"])
def test_strangers_and_the_signed_out_get_nothing(open_page, address):
    page = open_page()
    page.goto(f"/o/brindel/{address}")
    assert "/accounts/login/" in page.url
