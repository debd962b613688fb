"""Pictures of every screen: three widths, both themes, two languages, into one folder.

    python -m tools.screenshots http://localhost:8000 FOLDER [--only today,matrix] [--widths 1440,390]

Signs in with the sample's sign-ins, so that it runs on the sample portfolio alone.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from portfolio.sample import SIGN_INS

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PUBLIC = {"sign-in": "/accounts/login/", "sign-up": "/accounts/signup/"}
SCREENS = {
    "today": "/o/brindel/today/",
    "matrix": "/o/brindel/matrix/",
    "accounts": "/o/brindel/accounts/",
    "expansion": "/o/brindel/expansion/",
    "renewals": "/o/brindel/renewals/",
    "account": "first account of the list",
    "kpis": "/o/brindel/kpis/",
    "kpi-figures": "/o/brindel/kpis/figures/",
    "kpi-accounts": "/o/brindel/kpis/nrr/",
    "kpi-books": "/o/brindel/kpis/books/",
    "kpi-targets": "/o/brindel/kpis/targets/",
    "import": "/o/brindel/import/",
    "data-quality": "/o/brindel/data-quality/",
    "model": "/o/brindel/model/",
    "catalogue": "/o/brindel/catalogue/",
    "track-record": "/o/brindel/track-record/",
    "outcomes": "/o/brindel/outcomes/",
    "members": "/o/brindel/members/",
    "settings": "/o/brindel/settings/",
    "preferences": "/preferences/",
}


def take(browser: Browser, address: str, folder: Path, options: argparse.Namespace) -> None:
    """One browser context per width, theme and language; one full-page picture per screen."""
    for width in map(int, options.widths.split(",")):
        for theme in options.themes.split(","):
            for language in options.languages.split(","):
                context = browser.new_context(
                    base_url=address,
                    viewport={"width": width, "height": 900},
                    color_scheme=theme,
                    locale={"en": "en-GB", "fr": "fr-FR"}[language],
                )
                shoot(context, folder, f"{width}-{theme}-{language}", options)
                context.close()


def shoot(context: Any, folder: Path, suffix: str, options: argparse.Namespace) -> None:
    """Every wanted screen in one browser context."""
    page = context.new_page()
    wanted = options.only.split(",") if options.only else [*PUBLIC, *SCREENS]
    for name in (n for n in PUBLIC if n in wanted):
        page.goto(PUBLIC[name])
        page.screenshot(path=folder / f"{name}-{suffix}.png", full_page=True)
    screens = [name for name in SCREENS if name in wanted]
    if not screens:
        return
    _role, email, password = next(entry for entry in SIGN_INS if entry[1].startswith(options.member))
    page.goto("/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/o/**")
    for name in screens:
        if name == "account":
            page.goto(SCREENS["accounts"])
            page.goto(page.locator("main table tbody a").first.get_attribute("href"))
        else:
            page.goto(SCREENS[name])
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}-{suffix}.png", full_page=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--widths", default="1440,1024,390")
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--languages", default="en,fr")
    parser.add_argument("--member", default="helena", help="first letters of the sample e-mail to sign in with")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        take(browser, options.address, options.folder, options)
        browser.close()


if __name__ == "__main__":
    main()
