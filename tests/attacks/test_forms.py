"""Attack 52: no change without a token of the own page, and none by looking; and the pages' own policy."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from tests.attacks.route_table import OTHER, PUBLIC
from tests.attacks.routes import all_routes
from tests.attacks.tables import all_tables, test_database_as_admin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_counts")]

# What looking at pages may write: where one is signed in, and that one was here.
WRITTEN_BY_LOOKING = {"accounts_browsersession"}

INLINE = {
    "style attribute": re.compile(r"<[^>]+\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style", re.IGNORECASE),
    "event handler": re.compile(r"<[^>]+\son[a-z]+\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*type=.application/json)", re.IGNORECASE),
    "foreign source": re.compile(r"""(?:src|href)=["'](?:https?:)?//""", re.IGNORECASE),
}


@pytest.fixture
def cast():
    from tests.conftest import make_cast

    return make_cast()


def contents(leave_out=frozenset()):
    """A digest of every table."""
    rows = "SELECT coalesce(string_agg(md5(t::text), '' ORDER BY t::text), '') FROM {} t"
    with test_database_as_admin() as admin:
        return {
            table: admin.execute(rows.format(f'"{table}"')).fetchone()[0]
            for table in sorted(set(all_tables()) - leave_out)
        }


def test_52_every_unsafe_verb_needs_the_pages_token(cast):
    checked = Client(enforce_csrf_checks=True)
    checked.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    before = contents({"accounts_browsersession"})
    attempts = [(verb, {}) for verb in (checked.post, checked.put, checked.patch, checked.delete)]
    attempts += [(checked.post, {"HX-Request": "true"}), (checked.post, {"Content-Type": "application/json"})]
    for route in all_routes():
        for send, headers in attempts:
            response = send(route.path(), headers=headers)
            # 405: a verb that the route does not take at all.
            assert response.status_code in (403, 405), (route.pattern, response.status_code)
    assert contents({"accounts_browsersession"}) == before


def test_52_looking_changes_nothing(cast, client_for):
    EmailAddress.objects.create(user=cast.alice, email=cast.alice.email, verified=True, primary=True)
    signed_in, signed_out = client_for(cast.alice), Client()
    before = contents(WRITTEN_BY_LOOKING)
    seen = set()
    looks = [(signed_in.get, {}), (signed_in.get, {"HX-Request": "true"}), (signed_in.head, {}), (signed_out.get, {})]
    for route in all_routes():
        for look, headers in looks:
            seen.add(look(route.path(), headers=headers).status_code)
    assert contents(WRITTEN_BY_LOOKING) == before
    assert 200 in seen
    assert signed_in.get("/preferences/").status_code == 200, "To look at /accounts/logout/ is not to sign out."


def test_every_page_holds_the_strict_policy(cast, client_for):
    EmailAddress.objects.create(user=cast.alice, email=cast.alice.email, verified=True, primary=True)
    signed_in, signed_out = client_for(cast.alice), Client()
    pages = 0
    for route in all_routes():
        client = signed_out if OTHER.get(route.name) == PUBLIC else signed_in
        response = client.get(route.path())
        policy = response.headers.get("Content-Security-Policy", "")
        assert "default-src 'none'" in policy, route.pattern
        assert "unsafe" not in policy, route.pattern
        assert response.headers["X-Frame-Options"] == "DENY", route.pattern
        assert response.headers["X-Content-Type-Options"] == "nosniff", route.pattern
        assert response.headers["Referrer-Policy"] == "same-origin", route.pattern
        if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        html = response.content.decode()
        found = [what for what, pattern in INLINE.items() if pattern.search(html)]
        assert found == [], route.pattern
        pages += bool(html)
    assert pages > 15


def test_every_page_of_ones_own_sign_in_holds_it_as_well(cast, client_for):
    """Behind the password once more: the pages that enrol second factors."""
    cast.alice.set_password("a long enough secret")
    cast.alice.save()
    EmailAddress.objects.create(user=cast.alice, email=cast.alice.email, verified=True, primary=True)
    client = Client()
    client.post("/accounts/login/", {"login": cast.alice.email, "password": "a long enough secret"})
    client.post("/accounts/reauthenticate/", {"password": "a long enough secret"})
    for path in ("totp/activate", "webauthn/add", "webauthn", ""):
        response = client.get(f"/accounts/2fa/{path}/".replace("//", "/"))
        assert response.status_code == 200, path
        html = response.content.decode()
        assert [what for what, pattern in INLINE.items() if pattern.search(html)] == [], path
    assert 'src="data:image/svg+xml' in client.get("/accounts/2fa/totp/activate/").content.decode()
    assert "img-src 'self' data:" in response.headers["Content-Security-Policy"]
