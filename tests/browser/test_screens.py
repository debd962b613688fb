"""Every screen at three widths, in both themes and languages: axe is silent, nothing overflows, no script fails."""

import pytest
from axe_playwright_python.sync_playwright import Axe

OWNER = "helena.vogt@brindel.example"
SCREENS = (
    "today/",
    "today/?by=parent&left_out=1",
    "today/movements/?scope=team",
    "matrix/",
    "matrix/?view=table",
    "accounts/",
    "account",
    "expansion/",
    "expansion/new/?q=a",
    "renewals/",
    "renewals/?window=30&show=at_risk",
    "kpis/",
    "kpis/?book=own&by=owner&map=arpa",
    "kpis/figures/",
    "kpis/nrr/",
    "kpis/books/",
    "kpis/targets/",
    "kpis/expected_loss/",
    "kpis/watch/",
    "kpis/watch/silent/",
    "kpis/watch/single-threaded/",
    "kpis/watch/late/",
    "import/",
    "data-quality/",
    "contract/",
    "export/",
    "model/",
    "model/preview/",
    "model/versions/",
    "model/versions/1/",
    "catalogue/",
    "catalogue product",
    "catalogue/features/new/",
    "track-record/",
    "outcomes/",
    "members/",
    "settings/",
    "settings/rates/",
    "audit/",
)
LOOKS = (
    (1440, "light", "en-GB"),
    (1024, "dark", "fr-FR"),
    (390, "light", "fr-FR"),
    (390, "dark", "en-GB"),
)


def find_faults(page) -> list[str]:
    """What axe, the console and the layout say against the page."""
    page.wait_for_load_state("networkidle")
    faults = [f"axe {v['id']}: {v['nodes'][0]['html'][:120]}" for v in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        faults.append("The page scrolls sideways.")
    return faults + page.faults


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_signed_in_screens_hold(sign_in, width, theme, language):
    page = sign_in(OWNER, width=width, color_scheme=theme, locale=language)
    faults = {}
    for screen in SCREENS:
        if screen == "catalogue product":
            page.goto("/o/brindel/catalogue/")
            page.goto(page.locator("table a[href*='/catalogue/product/']").first.get_attribute("href"))
        elif screen == "account":
            page.goto("/o/brindel/accounts/")
            page.goto(page.locator("main table tbody a").first.get_attribute("href"))
        else:
            page.goto(f"/o/brindel/{screen}")
        if found := find_faults(page):
            faults[screen] = found
        page.faults.clear()
    assert faults == {}


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_tables_whose_last_column_matters_stand_within_their_card(sign_in, language):
    page = sign_in(OWNER, locale=language)
    too_wide = {}
    for width, screen in (
        (1440, "accounts/?sort=-confidence"),
        (1024, "accounts/?sort=-confidence"),
        (390, "kpis/targets/"),
        (390, "members/"),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"/o/brindel/{screen}")
        over = page.evaluate("[...document.querySelectorAll('main .scroll')].map(e => e.scrollWidth - e.clientWidth)")
        assert over
        if any(over):
            too_wide[f"{screen} at {width}"] = over
    assert too_wide == {}


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_public_screens_hold(open_page, width, theme, language):
    page = open_page(width=width, color_scheme=theme, locale=language)
    faults = {}
    for address in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        page.goto(address)
        if found := find_faults(page):
            faults[address] = found
    assert faults == {}
