"""Keyboard, panels, menus, palette, toasts and uploads, in a real browser under the real content policy."""

import json

import pytest

from tests.browser.loose_pages import LoosePages

expect = pytest.importorskip("playwright.sync_api").expect

LIST = """
<label>Note <input id="note"></label>
<div class="filters"><details class="filter-d" data-menu><summary data-key-focus="f" id="filter">Segment</summary><div class="pop menu"><a href="/?s=1">One</a><a href="/?s=2">Two</a></div></details>
<details class="filter-d" data-menu><summary id="other">Lever</summary><div class="pop menu"><a href="/?l=1">Three</a></div></details></div>
<ol class="triage" id="priorities" data-key-list>{% for n in rows %}
<li class="prio" id="row-{{ n }}" data-key-item aria-labelledby="name-{{ n }}"{% if forloop.first %} data-current tabindex="0"{% else %} tabindex="-1"{% endif %}>
<div class="rank"><span>{{ n }}</span></div><div class="who"><h2 id="name-{{ n }}"><a href="/account/{{ n }}/" data-key="Enter">Account {{ n }}</a></h2></div>
<div class="body"><p class="why">Cause {{ n }}.</p><dl class="evid"><dt>Usage</dt><dd>Evidence {{ n }}</dd></dl></div>
<div class="did" data-panels><div class="did-b"><button class="btn" type="button" data-opens="did-{{ n }}" aria-controls="did-{{ n }}" aria-expanded="false" data-key="e">Done</button></div>
<form class="did-p" id="did-{{ n }}" data-panel data-key-panel hidden hx-post="/done/{{ n }}/" hx-target="closest .prio" hx-swap="outerHTML swap:20ms"><p class="did-h">What did you do?</p><button class="btn" name="outcome" value="called" data-key="1">Called</button><button class="btn" name="outcome" value="mailed" data-key="2">Mailed</button></form></div></li>{% endfor %}</ol>
"""  # noqa: E501  # one row of the list as docs/design.md writes it
DONE = """<div hx-swap-oob="beforeend:#toasts"><div class="toast" data-toast><span>Account 2: called</span>
<form method="post" action="/undo/2/" hx-post="/undo/2/" hx-target="#priorities" hx-swap="outerHTML">
<button data-key="z">Undo</button></form></div></div>"""
UPLOAD = """<form data-upload method="post" action="/import/" enctype="multipart/form-data" data-max-bytes="1000">
<label class="drop" for="files"><span>Drop files</span></label>
<input class="vh" id="files" name="files" type="file" multiple>
<ul class="picked" data-upload-list></ul><progress aria-label="Sent" hidden></progress>
<div class="notice notice--bad" data-upload-fault role="alert" hidden><p>
<span data-fault-kind="large" hidden>Too large.</span>
<span data-fault-kind="offline" hidden>The connection dropped.</span></p></div>
<button class="btn" type="submit">Import</button></form>"""


@pytest.fixture
def loose(browser):
    """A function (body, **context) → LoosePages on a fresh page."""
    contexts = []

    def load(body: str, **context: object) -> LoosePages:
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}))
        return LoosePages(contexts[-1].new_page(), body, **context)

    yield load
    for context in contexts:
        context.close()


def focused(page) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def test_one_key_records_an_act_and_the_focus_goes_on(loose) -> None:
    pages = loose(LIST, rows=[1, 2, 3])
    page, press = pages.page, pages.page.keyboard.press
    pages.answers["POST /done/2/"] = (200, {"HX-Trigger": json.dumps({"announce": "2 left."})}, DONE)
    press("j")
    press("j")
    assert focused(page) == "row-2"
    assert page.locator("#row-2 .evid").is_visible()
    assert not page.locator("#row-1 .evid").is_visible()
    press("e")
    assert focused(page) == "Called"
    press("1")
    page.locator("#row-2").wait_for(state="detached")
    assert pages.asked[-1] == "POST /done/2/ outcome=called"
    expect(page.locator("#row-3")).to_be_focused()
    expect(page.locator("#live")).to_have_text("2 left.")
    pages.answers["POST /undo/2/"] = (200, {}, '<ol id="priorities" data-key-list></ol>')
    press("z")
    page.locator("#row-1").wait_for(state="detached")
    assert pages.asked[-1] == "POST /undo/2/"
    assert pages.faults == []


def test_arrows_walk_the_list_escape_closes_a_panel_and_leaving_a_row_closes_it_too(loose) -> None:
    pages = loose(LIST, rows=[1, 2, 3])
    page, press = pages.page, pages.page.keyboard.press
    press("j")
    press("ArrowDown")
    press("ArrowDown")
    press("ArrowDown")
    assert focused(page) == "row-3"
    press("e")
    assert page.locator("#did-3").is_visible()
    press("Escape")
    assert not page.locator("#did-3").is_visible()
    press("Escape")
    assert focused(page) == "row-3"
    press("e")
    press("k")
    assert focused(page) == "row-2"
    assert page.locator("#did-3").get_attribute("hidden") is not None
    press("2")
    assert [asked for asked in pages.asked if asked.startswith("POST")] == []
    press("Enter")
    page.wait_for_url("**/account/2/")


def test_letters_are_silent_in_fields_and_when_switched_off(loose) -> None:
    pages = loose(LIST, rows=[1, 2])
    page, press = pages.page, pages.page.keyboard.press
    page.click("#note")
    page.keyboard.type("je1")
    assert page.input_value("#note") == "je1"
    assert focused(page) == "note"
    page.evaluate("document.documentElement.dataset.singleKeys = 'off'; document.activeElement.blur()")
    press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    press("Control+k")
    assert page.evaluate("document.getElementById('palette').open")


def test_one_menu_is_open_at_a_time_and_gives_the_focus_back(loose) -> None:
    pages = loose(LIST, rows=[1])
    page, press = pages.page, pages.page.keyboard.press
    press("f")
    press("Enter")
    press("ArrowDown")
    assert focused(page) == "One"
    press("ArrowDown")
    assert focused(page) == "Two"
    press("Escape")
    assert focused(page) == "filter"
    press("Enter")
    page.click("#other")
    assert page.evaluate("[...document.querySelectorAll('details[open] summary')].map((s) => s.id)") == ["other"]
    page.click("h1")
    assert page.locator("details[open]").count() == 0


def test_the_palette_jumps_searches_and_closes(loose) -> None:
    pages = loose(LIST, rows=[1])
    page, press = pages.page, pages.page.keyboard.press
    pages.answers["GET /search/"] = (
        200,
        {},
        '<p class="h">Accounts</p><a role="option" tabindex="-1" href="/account/7/">Matthew Ltd</a>',
    )
    press("Control+k")
    page.keyboard.type("mat")
    page.get_by_role("option", name="Matthew Ltd").wait_for()
    assert page.get_by_role("option").all_inner_texts() == ["Matthew Ltd", "Matrix"]
    press("ArrowDown")
    press("Escape")
    assert not page.evaluate("document.getElementById('palette').open")
    press("g")
    press("m")
    page.wait_for_url("**/matrix/")


def test_a_toast_stays_eight_seconds_and_longer_under_the_pointer(loose) -> None:
    pages = loose("")
    page = pages.page
    page.clock.install()
    put = "(html) => document.getElementById('toasts').append(document.createRange().createContextualFragment(html))"
    toast = '<div class="toast" data-toast id="t">Saved</div>'
    page.evaluate(put, toast)
    page.clock.run_for(7900)
    assert page.locator("#t").count() == 1
    page.clock.run_for(600)
    assert page.locator("#t").count() == 0
    page.evaluate(put, toast)
    page.hover("#t")
    page.clock.run_for(20_000)
    assert page.locator("#t").count() == 1
    page.mouse.move(0, 0)
    page.clock.run_for(9000)
    assert page.locator("#t").count() == 0


def test_a_failed_act_says_that_nothing_was_saved(loose) -> None:
    pages = loose(LIST, rows=[1, 2])
    pages.answers["POST /done/1/"] = (0, {}, "")
    pages.page.keyboard.press("e")
    pages.page.keyboard.press("1")
    pages.page.get_by_text("Not saved.").wait_for()
    assert pages.page.locator("#row-1").count() == 1


def test_files_are_listed_refused_when_too_large_and_sent(loose) -> None:
    pages = loose(UPLOAD)
    page = pages.page
    button = page.get_by_role("button", name="Import", exact=True)
    assert button.is_disabled()
    page.set_input_files("#files", {"name": "big.csv", "mimeType": "text/csv", "buffer": b"x" * 1001})
    assert page.get_by_text("Too large.").is_visible()
    assert button.is_disabled()
    page.set_input_files("#files", {"name": "<b>a.csv", "mimeType": "text/csv", "buffer": b"x" * 900})
    assert page.locator(".picked li").inner_text().split("\n") == ["<b>a.csv", "900 byte"]
    pages.answers["POST /import/"] = (0, {}, "")
    button.click()
    page.get_by_text("The connection dropped.").wait_for()
    pages.answers["POST /import/"] = (422, {}, "<main id='main' tabindex='-1'><h1>Refused</h1></main>")
    button.click()
    page.get_by_role("heading", name="Refused").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_frame_has_no_axe_violation_and_no_sideways_scroll(browser, width: int, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    pages = LoosePages(context.new_page(), LIST, rows=[1, 2, 3])
    found = Axe().run(pages.page)
    assert found.violations_count == 0, found.generate_report()
    assert pages.page.evaluate("document.documentElement.scrollWidth") <= width
    assert pages.faults == []
    context.close()
