"""Second factors in a real browser: what needs its authenticator, its scripts and the strict policy at once."""

import os
import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from accounts.models import User
from accounts.organizations import found_organization

# Playwright keeps an event loop in this thread; the ORM is used between its calls, never inside one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PASSWORD = "a long enough secret"


@pytest.fixture
def page(browser, transactional_db, live_server):
    """A page on a site of this test alone, in English, with its script errors collected."""
    user = User.objects.create_user("alice@acme.example", PASSWORD, full_name="Alice")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    found_organization(name="Acme", slug="acme", owner=user)
    # Passkeys work on localhost by name, not by number.
    address = live_server.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=address, locale="en-GB")
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.faults.append(message.text))
    yield page
    context.close()


def sign_in(page):
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "alice@acme.example")
    give_password(page)


def give_password(page):
    page.fill("main input[name=password]", PASSWORD)
    page.click("main form:has(input[name=password]) button[type=submit]")
    page.wait_for_load_state()


def open_behind_password(page, path):
    """A page that asks for the password once more, as the pages of one's own sign-in do."""
    page.goto(path)
    if "reauthenticate" in page.url:
        give_password(page)


def add_authenticator(page, *, verifies):
    """A virtual platform authenticator, which asks for a finger where `verifies`."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def add_passkey(page):
    open_behind_password(page, "/accounts/2fa/webauthn/add/")
    page.fill("input[name=name]", "Laptop")
    page.click("#mfa_webauthn_add")


def test_a_passkey_is_added_and_signs_in_alone(page):
    sign_in(page)
    add_authenticator(page, verifies=True)
    add_passkey(page)
    page.wait_for_url(re.compile("/accounts/2fa/recovery-codes/"))
    page.goto("/accounts/2fa/webauthn/")
    assert "Laptop" in page.inner_text("main")

    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/o/acme/**")
    assert page.faults == []

    # The password alone is half a sign-in from now on.
    page.context.clear_cookies()
    sign_in(page)
    assert page.url.endswith("/accounts/2fa/authenticate/")


def test_an_authenticator_that_checks_nobody_makes_no_passkey(page):
    sign_in(page)
    add_authenticator(page, verifies=False)
    add_passkey(page)
    page.wait_for_selector("[data-toast]")
    page.goto("/accounts/2fa/webauthn/")
    assert "Laptop" not in page.inner_text("main")


def test_an_authenticator_app_is_set_up_from_the_page_and_asked_for(page):
    sign_in(page)
    open_behind_password(page, "/accounts/2fa/totp/activate/")
    code_image = page.locator("img[src^='data:image/svg+xml']")
    # Shown, not blocked by the page's policy.
    assert code_image.evaluate("image => image.naturalWidth") > 0
    secret = re.search(r"\b[A-Z2-7]{32}\b", page.inner_html("main"))[0]
    counter = next(iter(yield_hotp_counters_from_time()))
    page.fill("input[name=code]", format_hotp_value(hotp_value(secret, counter)))
    page.click("main form:has(input[name=code]) button[type=submit]")
    page.wait_for_url(re.compile("/accounts/2fa/"))

    page.context.clear_cookies()
    sign_in(page)
    assert page.url.endswith("/accounts/2fa/authenticate/")
    page.goto("/o/acme/members/")
    assert "/accounts/" in page.url
    assert page.faults == []
