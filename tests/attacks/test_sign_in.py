"""Attacks 43 to 47 and 53: the way in, from outside and with half of what it takes."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import BrowserSession, User
from accounts.tasks import clear_expired_sessions
from tests.attacks.routes import plain

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough secret"
SIGN_IN = "/accounts/login/"


@pytest.fixture(autouse=True)
def own_counts(settings):
    """Tries are counted in a cache of this test alone."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid.uuid4().hex}
    }


@pytest.fixture
def alice(db):
    user = User.objects.create_user("alice@acme.example", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def browser(address="192.0.2.1"):
    return Client(REMOTE_ADDR=address)


def try_sign_in(client, email="alice@acme.example", password=PASSWORD, **headers):
    return client.post(SIGN_IN, {"login": email, "password": password}, **headers)


def is_signed_in(client):
    return client.get("/preferences/").status_code == 200


def use_cookies_of(client):
    """Another client with the same cookies, as one would have that copied them."""
    copy = browser()
    copy.cookies = client.cookies.copy()
    return copy


def current_code(secret):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def test_43_a_session_known_before_is_not_the_one_signed_in(alice):
    client = browser()
    client.get("/invitation/whatever/")
    client.cookies["sessionid"] = "attackerchosensessionidabcdefghi"
    try_sign_in(client)
    assert is_signed_in(client)
    assert client.cookies["sessionid"].value != "attackerchosensessionidabcdefghi"
    planted = browser()
    planted.cookies["sessionid"] = "attackerchosensessionidabcdefghi"
    assert not is_signed_in(planted)


def test_43_the_session_changes_at_each_sign_in_and_dies_at_sign_out(alice):
    client = browser()
    try_sign_in(client)
    first = use_cookies_of(client)
    assert is_signed_in(first)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)
    assert not is_signed_in(first)
    try_sign_in(client)
    assert client.cookies["sessionid"].value != first.cookies["sessionid"].value
    assert not is_signed_in(first)


def test_43_the_cookie_is_closed_to_scripts_and_other_sites(alice, settings):
    settings.SESSION_COOKIE_SECURE = True
    client = browser()
    try_sign_in(client)
    for name in ("sessionid", "phano_browser"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax"), name


def test_44_guessing_ends_in_429_and_does_not_lock_the_owner_out(alice):
    owner = browser("198.51.100.7")
    try_sign_in(owner)
    owner.post("/accounts/logout/")

    stranger = browser()
    statuses = [try_sign_in(stranger, password=f"guess {number}").status_code for number in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    # Even the right one, now; also from elsewhere, and with a forged origin.
    assert try_sign_in(stranger).status_code == 429
    assert try_sign_in(browser("192.0.2.99")).status_code == 429
    assert try_sign_in(browser("192.0.2.98"), headers={"X-Forwarded-For": "203.0.113.5"}).status_code == 429

    # The owner's own browser is counted apart.
    assert try_sign_in(owner, password="mistyped").status_code == 200
    assert try_sign_in(owner).status_code == 302
    assert is_signed_in(owner)


def test_44_a_known_browser_guesses_no_longer_than_a_stranger(alice):
    thief = browser()
    try_sign_in(thief)
    thief.post("/accounts/logout/")
    statuses = [try_sign_in(thief, password=f"guess {number}").status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]
    # Nor does its cookie open another address's count, or a forged one any.
    assert thief.cookies["phano_browser"].value
    User.objects.create_user("bob@acme.example", PASSWORD)
    statuses = [try_sign_in(thief, "bob@acme.example", f"guess {n}").status_code for n in range(4)]
    assert statuses == [200] * 4
    forged = browser("192.0.2.50")
    forged.cookies["phano_browser"] = thief.cookies["phano_browser"].value[:-2] + "xx"
    assert try_sign_in(forged, "bob@acme.example", "guess").status_code == 200
    assert try_sign_in(forged, "bob@acme.example", "guess").status_code == 429


def test_44_spraying_one_password_over_many_addresses_ends_in_429(alice):
    sprayer = browser()
    statuses = [try_sign_in(sprayer, f"user{number}@acme.example", "Summer2026!").status_code for number in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    assert try_sign_in(browser("198.51.100.7")).status_code == 302


def test_44_behind_a_proxy_each_visitor_has_a_count_of_their_own(alice, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    proxy = "10.0.0.1"
    for number in range(11):
        sprayed = try_sign_in(
            browser(proxy), f"u{number}@x.example", "guess", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
        )
    assert sprayed.status_code == 429
    assert try_sign_in(browser(proxy), headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 302


def test_45_no_answer_tells_whether_an_address_is_known(alice):
    known, unknown = "alice@acme.example", "nobody@acme.example"

    def answers(path, field, **more):
        pages = []
        for email in (known, unknown):
            response = browser(f"192.0.2.{len(email)}").post(path, {field: email, **more}, follow=True)
            pages.append(
                (response.status_code, response.redirect_chain, plain(response).replace(email.encode(), b"(address)"))
            )
        return pages

    for path, field, more in (
        (SIGN_IN, "login", {"password": "wrong"}),
        ("/accounts/signup/", "email", {"password1": PASSWORD}),
        ("/accounts/password/reset/", "email", {}),
    ):
        first, second = answers(path, field, **more)
        assert first == second, path
    # The owner learns of it by mail, and only the owner.
    assert {letter.to[0] for letter in mail.outbox} == {known, unknown}
    assert User.objects.get(email=known).check_password(PASSWORD)


def test_45_an_unknown_address_costs_one_hash_as_well(alice, monkeypatch):
    hashes = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashes.append(1) or encode(*args))
    for number, email in enumerate(("alice@acme.example", "nobody@acme.example")):
        hashes.clear()
        try_sign_in(browser(f"192.0.2.{number}"), email, "wrong")
        assert len(hashes) == 1, email


def reset_link(email="alice@acme.example"):
    mail.outbox.clear()
    browser().post("/accounts/password/reset/", {"email": email})
    return re.search(r"/accounts/password/reset/key/[^/\s]+/", mail.outbox[-1].body)[0]


def use_reset_link(link, password, client=None):
    client = client or browser()
    form = client.get(link, follow=True)
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})


def test_46_a_reset_link_works_once_and_only_its_own_way(alice):
    signed_in_elsewhere = browser()
    try_sign_in(signed_in_elsewhere)
    link, other = reset_link(), reset_link()

    assert use_reset_link(link, "another long secret").status_code == 302
    assert not is_signed_in(signed_in_elsewhere), "A reset ends every session."
    for spent in (link, other, link.replace("/key/", "/key/x")):
        use_reset_link(spent, "a third long secret")
    alice.refresh_from_db()
    assert alice.check_password("another long secret")
    assert "alice@acme.example" in mail.outbox[-1].to, "The owner is told."


def test_46_a_changed_password_kills_the_link_that_was_asked_for_before(alice):
    link = reset_link()
    client = browser()
    try_sign_in(client)
    other = browser()
    try_sign_in(other)
    changed = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another long secret", "password2": "another long secret"},
    )
    assert changed.status_code == 302
    assert is_signed_in(client)
    assert not is_signed_in(other), "A change ends every other session."
    use_reset_link(link, "a third long secret")
    alice.refresh_from_db()
    assert alice.check_password("another long secret")


def test_46_requests_for_links_are_limited(alice):
    statuses = [
        browser(f"192.0.2.{number}").post("/accounts/password/reset/", {"email": alice.email}).status_code
        for number in range(7)
    ]
    assert statuses == [302] * 5 + [429] * 2


@pytest.fixture
def secret(alice):
    """Alice signs in with a second factor."""
    secret = generate_totp_secret()
    TOTP.activate(alice, secret)
    return secret


def test_47_a_password_alone_is_half_a_sign_in(alice, secret, cast_of_alice):
    client = browser()
    assert try_sign_in(client).headers["Location"] == "/accounts/2fa/authenticate/"
    for path in (
        "/preferences/",
        "/organizations/",
        f"/o/{cast_of_alice}/members/",
        "/accounts/email/",
        "/accounts/2fa/",
    ):
        assert client.get(path).headers["Location"].startswith("/accounts/"), path
        assert not is_signed_in(client)
    for path in ("/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/", "/accounts/password/change/"):
        assert client.post(path).status_code == 302, path
    assert Authenticator.objects.filter(user=alice, type="totp").exists()
    client.post("/accounts/2fa/authenticate/", {"code": current_code(secret)})
    assert is_signed_in(client)


@pytest.fixture
def cast_of_alice(alice):
    from accounts.organizations import found_organization

    return found_organization(name="Acme", slug="acme", owner=alice).slug


def test_47_a_code_works_once_and_guesses_are_limited(alice, secret):
    code = current_code(secret)
    first, second = browser(), browser("192.0.2.2")
    for client in (first, second):
        try_sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
    assert (is_signed_in(first), is_signed_in(second)) == (True, False)

    guesser = browser("192.0.2.3")
    try_sign_in(guesser)
    for number in range(8):
        answer = guesser.post("/accounts/2fa/authenticate/", {"code": f"{number:06}"})
    assert "Too many failed" in answer.content.decode()
    assert not is_signed_in(guesser)


def test_47_neither_reset_nor_confirmation_leads_round_the_second_factor(alice, secret):
    client = browser()
    use_reset_link(reset_link(), "another long secret", client)
    assert not is_signed_in(client)
    assert try_sign_in(client, password="another long secret").headers["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)


def test_47_a_recovery_code_works_once(alice, secret):
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    results = []
    for number in range(2):
        client = browser(f"192.0.2.{number}")
        try_sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        results.append(is_signed_in(client))
    assert results == [True, False]


def test_47_second_factors_stand_sealed_in_the_table(alice, secret):
    RecoveryCodes.activate(alice)
    stored = {row.type: row.data for row in Authenticator.objects.filter(user=alice)}
    assert secret not in str(stored)
    from accounts.adapter import MFAAdapter

    assert MFAAdapter().decrypt(stored["totp"]["secret"]) == secret
    from accounts.rotation import rotate_installation

    before = stored["totp"]["secret"]
    rotate_installation()
    after = Authenticator.objects.get(user=alice, type="totp")
    assert after.data["secret"] != before
    assert TOTP(after).validate_code(current_code(secret))


def test_47_an_open_browser_is_not_enough_to_change_the_sign_in(alice):
    client = browser()
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    added = client.post("/accounts/email/", {"action_add": "", "email": "mallory@evil.example"})
    assert "reauthenticate" in added.headers["Location"]
    assert not EmailAddress.objects.filter(email="mallory@evil.example").exists()
    assert "reauthenticate" in client.get("/accounts/2fa/totp/activate/").headers["Location"]

    TOTP.activate(alice, generate_totp_secret())
    RecoveryCodes.activate(alice)
    for path in ("totp/deactivate", "webauthn/add", "recovery-codes", "recovery-codes/generate"):
        assert "reauthenticate" in client.get(f"/accounts/2fa/{path}/").headers["Location"], path
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=alice, type="totp").exists()


def test_an_unverified_address_does_not_sign_in():
    client = browser()
    client.post("/accounts/signup/", {"email": "new@acme.example", "password1": PASSWORD})
    assert not is_signed_in(client)
    assert try_sign_in(browser(), "new@acme.example").headers["Location"] == "/accounts/confirm-email/"
    weak = browser().post("/accounts/signup/", {"email": "weak@acme.example", "password1": "password1234"})
    assert weak.status_code == 200
    assert not User.objects.filter(email="weak@acme.example").exists()


def test_53_sessions_are_listed_and_ended_by_their_owner_alone(alice):
    here, there = browser(), browser("198.51.100.7")
    try_sign_in(here)
    try_sign_in(there, headers={"User-Agent": "Other browser"})
    charlie = User.objects.create_user("charlie@globex.example", PASSWORD)
    EmailAddress.objects.create(user=charlie, email=charlie.email, verified=True, primary=True)
    other = browser("203.0.113.3")
    try_sign_in(other, charlie.email, headers={"User-Agent": "Charlie's browser"})

    page = here.get("/accounts/sessions/").content.decode()
    assert "198.51.100.7" in page
    assert "203.0.113.3" not in page
    assert "Other browser" in page
    assert "Charlie&#x27;s browser" not in page
    assert here.post("/accounts/sessions/").status_code == 302
    assert (is_signed_in(here), is_signed_in(there), is_signed_in(other)) == (True, False, True)


def test_53_who_reads_table_and_cache_signs_in_with_neither(alice):
    client = browser()
    try_sign_in(client)
    key = client.cookies["sessionid"].value
    (stored,) = BrowserSession.objects.filter(user=alice)
    assert key not in (stored.session_key, stored.session_data)
    assert not [kept for kept in cache._cache if key in kept]
    for stolen in (str(stored.session_key), f"phano.session.{stored.session_key}"):
        thief = browser()
        thief.cookies["sessionid"] = stolen
        assert not is_signed_in(thief)
    assert is_signed_in(client)


def test_53_a_session_goes_with_its_time(alice):
    client = browser()
    try_sign_in(client)
    with time_machine.travel(timezone.now() + timedelta(days=15), tick=False):
        assert not is_signed_in(client)
        clear_expired_sessions()
        assert not BrowserSession.objects.exists()


def test_42_after_signing_in_nobody_is_sent_elsewhere(alice):
    for wrong in (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
    ):
        response = browser().post(SIGN_IN, {"login": alice.email, "password": PASSWORD, "next": wrong})
        assert response.headers["Location"] == "/", wrong
    response = browser().post(SIGN_IN, {"login": alice.email, "password": PASSWORD, "next": "/o/acme/members/"})
    assert response.headers["Location"] == "/o/acme/members/"


def test_nobody_signs_in_as_a_service_user(cast_of_alice):
    service = User.objects.get(is_service=True)
    assert not service.has_usable_password()
    mail.outbox.clear()
    browser().post("/accounts/password/reset/", {"email": service.email})
    assert not re.search(r"/reset/key/", "".join(letter.body for letter in mail.outbox))
