"""The model's draft keeps itself as its fields are left, by keyboard, and its preview comes to the page."""

import re

from playwright.sync_api import expect

OWNER = "helena.vogt@brindel.example"
LEVEL = "[name='weights.usage_level.enterprise']"


def test_a_changed_field_is_kept_previewed_and_taken_back(sign_in):
    page = sign_in(OWNER, width=1440, color_scheme="light", locale="en-GB")
    page.goto("/o/brindel/model/")
    assert page.locator("#draft-h").count() == 0
    page.locator(LEVEL).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("90")
    page.keyboard.press("Tab")
    # The focus goes on to the next field and stays there while the draft comes.
    expect(page.locator("#draft-h")).to_be_visible()
    expect(page.locator("[name='weights.usage_level.mid_market']")).to_be_focused()
    expect(page.locator("#s-weights-usage_level-enterprise")).to_have_text("was 9")
    expect(page.locator("#model-preview")).to_contain_text(re.compile("changes? segment"))
    page.locator(LEVEL).fill("-4")
    page.keyboard.press("Tab")
    expect(page.locator("#s-weights-usage_level-enterprise")).to_contain_text("Write a number from 0 to 100.")
    page.reload()
    expect(page.locator(LEVEL)).to_have_value("90")
    page.get_by_role("button", name="Discard draft").click()
    expect(page.locator("#draft-h")).to_have_count(0)
    expect(page.locator(LEVEL)).to_have_value("9")
    assert page.faults == []
