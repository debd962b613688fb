"""Attacks 43 and 53: a session is nobody's but its own browser's, and its owner's to end."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.utils import timezone

from accounts.models import BrowserSession, User
from accounts.tasks import clear_expired_sessions
from tests.attacks.sign_in import PASSWORD, browser, is_signed_in, try_sign_in, use_cookies_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_counts")]


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
