"""Attacks 42, 44, 45 and 46: guessing, asking and resetting from outside."""

import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail

from accounts.models import User
from tests.attacks.routes import plain
from tests.attacks.sign_in import (
    PASSWORD,
    SIGN_IN,
    browser,
    is_signed_in,
    reset_link,
    try_sign_in,
    use_reset_link,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_counts")]


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


def test_an_unverified_address_does_not_sign_in():
    client = browser()
    client.post("/accounts/signup/", {"email": "new@acme.example", "password1": PASSWORD})
    assert not is_signed_in(client)
    assert try_sign_in(browser(), "new@acme.example").headers["Location"] == "/accounts/confirm-email/"
    weak = browser().post("/accounts/signup/", {"email": "weak@acme.example", "password1": "password1234"})
    assert weak.status_code == 200
    assert not User.objects.filter(email="weak@acme.example").exists()


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
