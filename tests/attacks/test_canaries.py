"""Attacks 4, 9, 10 and 11: what one organization holds never shows in another's pages, letters, files or cache."""

import re
from collections import Counter, deque
from urllib.parse import urljoin, urlsplit

import pytest
from django.core import mail
from django.core.cache import cache

from accounts.context import organization_context
from accounts.models import Team
from portfolio.models import Account
from tests.attacks.routes import organization_routes, plain
from tests.attacks.tables import fill_tenant_tables

pytestmark = pytest.mark.django_db(transaction=True)

# Not the bird itself: Atlantic/Canary is a time zone of the settings.
CANARY = "ZEBRAFINCH"
LINK = re.compile(rb"""(?:href|src|action|hx-get|data-href)=["']([^"'#]+)""")
# The same page with other filters shows the same kind of thing: a few of each, or the crawl never ends.
MOST_PAGES, MOST_OF_ONE = 120, 3


@pytest.fixture
def cast(own_counts):
    """Both organizations at work; globex is full of canaries, in what its members made and in every table."""
    from tests.conftest import make_cast

    cast = make_cast()
    cast.charlie.full_name = f"Charlie {CANARY}"
    cast.charlie.save()
    for organization, owner, mark in ((cast.acme, cast.alice, "Own"), (cast.globex, cast.charlie, CANARY)):
        with organization_context(organization_id=organization.id, user_id=owner.id):
            Team.objects.create(name=f"{mark} team")
            Account.objects.create(source_id=f"{mark}-1", name=f"{mark} account", domain=f"{mark}.example".lower())
    return cast


def crawl(client, start):
    """Every page that links lead to from `start`, by address; files are read to their end."""
    waiting, pages, of_one = deque([start]), {}, Counter()
    while waiting and len(pages) < MOST_PAGES:
        path = waiting.popleft()
        if path in pages or of_one[path.partition("?")[0]] == MOST_OF_ONE:
            continue
        of_one[path.partition("?")[0]] += 1
        response = client.get(path)
        body = plain(response) + repr(sorted(response.headers.items())).encode()
        pages[path] = (response.status_code, body)
        targets = [match.decode().replace("&amp;", "&") for match in LINK.findall(body)]
        if location := response.headers.get("Location"):
            targets.append(location)
        for target in targets:
            parts = urlsplit(urljoin(path, target))
            inside = not parts.netloc or parts.netloc == "testserver"
            if inside and parts.scheme in ("", "http") and not parts.path.startswith(("/static/", "/accounts/logout")):
                waiting.append(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return pages


def test_9_no_page_or_file_of_one_shows_another(cast, client_for):
    # Its own members do see it: the canary would show.
    charlies = client_for(cast.charlie)
    assert CANARY.encode() in charlies.get("/o/globex/members/").content

    fill_tenant_tables(cast.globex.id, CANARY)
    alices = client_for(cast.alice)
    pages = crawl(alices, "/o/acme/")
    # Also what no link leads to.
    for route in organization_routes():
        for headers in ({}, {"HX-Request": "true"}):
            response = alices.get(route.path(), headers=headers)
            pages[f"{route.pattern} {headers}"] = (response.status_code, plain(response))

    assert b"Own team" in pages["/o/acme/members/"][1]
    assert len([path for path in pages if path.startswith("/o/acme/")]) > 5
    assert [path for path, (status, _body) in pages.items() if status >= 500] == []
    leaks = [path for path, (_status, body) in pages.items() if CANARY.lower().encode() in body.lower()]
    assert leaks == []
    assert [letter for letter in mail.outbox if CANARY in letter.body + letter.subject] == []


def test_10_a_member_of_both_sees_each_apart(cast, client_for):
    client = client_for(cast.dora)
    globex = client.get("/o/globex/members/").content.decode()
    acme = client.get("/o/acme/members/").content.decode()
    assert f"{CANARY}" in globex
    assert CANARY not in acme
    # The switcher names both, and only to her.
    assert "Globex" in acme
    assert "Globex" not in client_for(cast.bob).get("/o/acme/members/").content.decode()


def test_11_what_is_cached_names_no_other_organization(cast, client_for):
    for user, slug in ((cast.charlie, "globex"), (cast.alice, "acme")):
        client = client_for(user)
        for route in organization_routes():
            client.get(route.path(slug))
    kept = cache._cache
    assert kept, "Sessions are there."
    sessions = "phano.session."
    others = [key for key in kept if sessions not in key and ":allauth:" not in key]
    # Whatever else is kept for an organization carries the organization in its key.
    unnamed = [key for key in others if str(cast.acme.id) not in key and str(cast.globex.id) not in key]
    assert unnamed == []
    leaks = [
        key for key in kept if CANARY.encode() in kept[key] and str(cast.globex.id) not in key and sessions not in key
    ]
    assert leaks == []
