"""Attacks 20, 23 and 24: what happens while a request runs, between requests, and when one fails."""

import threading
from collections import Counter

import pytest
from django.db import connection
from django.test import Client

from accounts.context import organization_context
from accounts.models import Team
from tests.attacks import urls
from tests.attacks.tables import test_database_as_admin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.attacks.urls")]

CANARY = "Canary team"


@pytest.fixture
def people():
    """The cast, each organization with a team named after it."""
    from tests.conftest import make_cast

    people = make_cast()
    for organization, owner in ((people.acme, people.alice), (people.globex, people.charlie)):
        with organization_context(organization_id=organization.id, user_id=owner.id):
            Team.objects.create(name=f"{organization.slug} team")
            Team.objects.create(name=CANARY)
    return people


def end_membership(user, organization):
    """From elsewhere: another connection, committed."""
    with test_database_as_admin() as admin:
        admin.execute(
            "UPDATE accounts_membership SET status = 'ended' WHERE user_id = %s AND organization_id = %s",
            [user.id, organization.id],
        )


def test_20_a_membership_that_ends_mid_request_shows_no_further_row(people, client_for, monkeypatch):
    client = client_for(people.bob)
    assert client.get("/o/acme/pause/").json() == {"before": 2, "after": 2, "members": 4}

    monkeypatch.setattr(urls, "MEANWHILE", [lambda: end_membership(people.bob, people.acme)])
    assert client.get("/o/acme/pause/").json() == {"before": 2, "after": 0, "members": 0}

    assert client.get("/o/acme/pause/").status_code == 404
    assert client_for(people.alice).get("/o/acme/pause/").status_code == 200


ENDINGS = ("well", "well", "exception", "well", "timeout", "error", "injected", "disconnect")


def ask_by_turns(client, slug, rounds, answers, failures):
    """One browser's requests; the connection goes back to the pool after each, as after a real request."""
    for number in range(rounds):
        ending = ENDINGS[number % len(ENDINGS)]
        try:
            response = client.get(f"/o/{slug}/restless/{ending}/")
            if response.status_code == 200:
                answers.append((slug, tuple(sorted(response.json()["names"])), response.json()["backend"]))
            elif response.status_code != 500 or ending in ("well", "injected"):
                failures.append((slug, ending, response.status_code))
            elif any(f"{other} team" in response.content.decode() for other in ("acme", "globex")):
                failures.append((slug, ending, "a row in an error page"))
        finally:
            connection.close()


def test_23_alternating_requests_on_one_connection_see_one_organization_each(people, client_for):
    clients = {"acme": client_for(people.alice), "globex": client_for(people.charlie)}
    for client in clients.values():
        client.raise_request_exception = False
    connection.close()
    connection.close_pool()
    options = connection.settings_dict["OPTIONS"]
    was, options["pool"] = options["pool"], {"min_size": 1, "max_size": 1, "timeout": 20}
    answers, failures = [], []
    try:
        threads = [
            threading.Thread(target=ask_by_turns, args=(client, slug, 250, answers, failures))
            for slug, client in clients.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        connection.close_pool()
        options["pool"] = was
    assert failures == []
    assert Counter((slug, names) for slug, names, _backend in answers) == {
        ("acme", (CANARY, "acme team")): 126,
        ("globex", (CANARY, "globex team")): 126,
    }
    # They did share: the same connection answered both, one after the other.
    shared = Counter(backend for _slug, _names, backend in answers)
    both = [backend for backend in shared if len({slug for slug, _n, b in answers if b == backend}) == 2]
    assert len(both) > 10


@pytest.mark.parametrize("how", ["duplicate", "foreign", "syntax", "cast", "policy", "other"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_24_an_error_page_shows_no_statement_and_no_value(people, client_for, how, headers):
    client = client_for(people.alice)
    client.raise_request_exception = False
    response = client.get(f"/o/acme/careless/{how}/", headers=headers)
    assert response.status_code == 500
    shown = response.content.decode()
    for secret in (
        CANARY,
        "accounts_team",
        "SELECT",
        "SELEC",
        "INSERT",
        "DETAIL",
        "Key (",
        "psycopg",
        "Traceback",
        "ValueError",
        str(people.acme.id),
    ):
        assert secret not in shown, secret


@pytest.mark.parametrize(
    ("path", "status"),
    [("/o/acme/nothing/", 404), ("/o/acme/settings/", 403), ("/nothing/", 404), ("/o/globex/members/", 404)],
)
def test_24_a_refusal_shows_no_more_than_itself(people, client_for, path, status):
    response = client_for(people.bob).get(path)
    assert response.status_code == status
    shown = response.content.decode()
    for secret in (CANARY, "globex", "Globex", "urlpatterns", "URLconf", "accounts.views", "Traceback"):
        assert secret not in shown, secret


def test_24_a_forged_host_or_form_is_refused_in_words(people):
    client = Client(enforce_csrf_checks=True)
    refused = client.get("/", headers={"host": "evil.example"})
    assert refused.status_code == 400
    assert "evil.example" not in refused.content.decode()
    refused = client.post("/accounts/login/", {"login": "alice@acme.example", "password": "x"})
    assert refused.status_code == 403
    assert "alice@acme.example" not in refused.content.decode()
