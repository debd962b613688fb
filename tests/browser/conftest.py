"""A browser on the sample site; left out, with a word, where there is no Chromium."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.browser.site import Site, sample_site

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One site serves them all, so one process runs them all (--dist loadgroup).
    for item in items:
        if "/tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


def find_chromium() -> str | None:
    """Chromium's path, from PHANO_CHROMIUM or the usual names."""
    named = os.environ.get("PHANO_CHROMIUM")
    return named or next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """One Chromium for the run."""
    path = find_chromium()
    if path is None:
        pytest.skip("No Chromium on this machine: the browser tests are left out.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def running_site(browser) -> Iterator[Site]:
    """The sample site, started once as `make run` does."""
    with sample_site() as site:
        yield site


@pytest.fixture(scope="session")
def site(running_site) -> str:
    """Its address."""
    return running_site.address


@pytest.fixture
def open_page(browser, site):
    """A function (width, height, **context options) → a page on the sample site that fails on script errors."""
    contexts = []

    def open_at(width: int = 1440, height: int = 900, **options: object):
        context = browser.new_context(
            base_url=site, viewport={"width": width, "height": height}, locale=options.pop("locale", "en-GB"), **options
        )
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda message: message.type == "error" and page.faults.append(message.text))
        return page

    yield open_at
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in(open_page):
    """A function (e-mail, **page options) → a page signed in through the real form, standing on its first screen."""
    from portfolio.sample import SIGN_INS

    passwords = {email: password for _role, email, password in SIGN_INS}

    def sign_in_as(email: str, **options: object):
        page = open_page(**options)
        page.goto("/accounts/login/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", passwords[email])
        page.click(
            "main form[action*=login] button[type=submit], main form:has(input[name=password]) button[type=submit]"
        )
        page.wait_for_url("**/o/**")
        return page

    return sign_in_as
