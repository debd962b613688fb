"""Attacks 1, 2, 3, 6 and 11 and the URL × role table, on every route that the resolver knows."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role, User
from accounts.permissions import AFTER_TRIAL, PERMISSIONS
from tests.attacks.route_table import FORGIVING, OPEN_AFTER_TRIAL, OTHER, PUBLIC, ROLES, SIGNED_IN
from tests.attacks.routes import all_routes, organization_routes, plain
from tests.attacks.tables import fill_tenant_tables, tenant_tables, test_database_as_admin

pytestmark = pytest.mark.django_db(transaction=True)

VERBS = ("get", "post", "put", "patch", "delete")
PART = {"HX-Request": "true", "HX-Current-URL": "http://testserver/o/acme/members/?page=2"}


@pytest.fixture
def cast():
    """The cast, with Charlie's organization full of rows that could leak."""
    from tests.conftest import make_cast

    return make_cast()


def fingerprint() -> dict[str, str]:
    """What every tenant table holds, so that a change anywhere shows."""
    rows = "SELECT coalesce(string_agg(md5(t::text), '' ORDER BY t::text), '') FROM {} t"
    with test_database_as_admin() as admin:
        return {table.name: admin.execute(rows.format(f'"{table.name}"')).fetchone()[0] for table in tenant_tables()}


def test_every_route_is_expected():
    routes = all_routes()
    assert len(routes) > 40
    silent = [route.pattern for route in routes if route.is_in_organization and route.permission not in PERMISSIONS]
    assert silent == [], "A view under /o/<slug>/ is decorated with @organization_view(permission)."
    others = {route.name for route in routes if not route.is_in_organization}
    assert others - OTHER.keys() == set(), "Say in route_table.OTHER who may come here."
    assert OTHER.keys() - others == set(), "These routes left: take them out of route_table.OTHER."
    assert [route.pattern for route in routes if not route.name] == []


def by_its_verb(client, path, **kwargs):
    """The answer to the first verb that the view takes; nothing of what it did stays."""
    for verb in VERBS:
        with transaction.atomic():
            response = getattr(client, verb)(path, **kwargs)
            transaction.set_rollback(True)
        if response.status_code != 405:
            return response
    raise AssertionError(f"{path} takes no verb at all.")


def one_client_a_role(cast, client_for) -> dict[str, Client]:
    """A signed-in member of acme for each role."""
    clients = {}
    for role in ROLES:
        user = User.objects.create_user(f"{role}@roles.example", full_name=role)
        with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
            Membership.objects.create(user=user, role=role)
        clients[role] = client_for(user)
        clients[role].raise_request_exception = False
    return clients


@pytest.mark.django_db(transaction=False)
def test_each_role_gets_in_where_it_holds_the_permission_and_nowhere_else(cast, client_for):
    clients = one_client_a_role(cast, client_for)
    wrong = []
    for route in organization_routes():
        for role, client in clients.items():
            status = by_its_verb(client, route.path()).status_code
            # Allowed: anything the view itself answers, also that an empty form is bad or an object missing.
            expected = status not in (401, 403) and status < 500 if role in route.roles else status == 403
            if not expected:
                wrong.append((route.pattern, role, status))
    assert wrong == []


@pytest.mark.django_db(transaction=False)
def test_after_the_trial_each_role_still_takes_data_and_access_away_and_changes_nothing_else(cast, client_for):
    clients = one_client_a_role(cast, client_for)
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        Organization.objects.update(trial_ends_at=timezone.now() - timedelta(minutes=1))
    routes = organization_routes()
    assert {r.name: r.permission for r in routes if r.permission in AFTER_TRIAL} == OPEN_AFTER_TRIAL
    wrong = []
    for route in routes:
        for role, client in clients.items():
            for verb in ("get", "post", "delete"):
                with transaction.atomic():
                    status = getattr(client, verb)(route.path()).status_code
                    transaction.set_rollback(True)
                allowed = role in route.roles and (verb == "get" or route.name in OPEN_AFTER_TRIAL)
                # Allowed: anything the view itself answers. A view may refuse a verb (405) before anybody is asked.
                if (status in (401, 403) or status >= 500) if allowed else status not in (403, 405):
                    wrong.append((route.pattern, role, verb, status))
    assert wrong == []


def test_1_2_a_stranger_gets_what_a_missing_organization_gives(cast, client_for):
    stranger = client_for(cast.charlie)
    for route in organization_routes():
        seen = set()
        for verb in VERBS:
            foreign, missing = (getattr(stranger, verb)(route.path(slug)) for slug in ("acme", "nowhere"))
            assert foreign.status_code == missing.status_code, (route.pattern, verb)
            assert plain(foreign) == plain(missing), (route.pattern, verb)
            assert foreign.headers.get("Cache-Control") == missing.headers.get("Cache-Control")
            seen.add(foreign.status_code)
        assert 404 in seen, route.pattern
        assert seen <= {404, 405}, route.pattern


def test_signed_out_leads_to_the_sign_in(cast):
    client = Client()
    for route in organization_routes():
        # An organization that is not there answers alike.
        for slug in ("acme", "nowhere"):
            response = by_its_verb(client, route.path(slug))
            assert response.status_code == 302, route.pattern
            assert response.headers["Location"].startswith(f"/accounts/login/?next=/o/{slug}/"), route.pattern
    for route in all_routes():
        if OTHER.get(route.name) == SIGNED_IN:
            location = by_its_verb(client, route.path()).headers.get("Location", "")
            assert location.startswith("/accounts/login/"), route.name
        if OTHER.get(route.name) == PUBLIC:
            assert by_its_verb(client, route.path()).status_code < 500, route.name


def test_3_parts_of_pages_are_guarded_alike(cast, client_for):
    signed_out, stranger = Client(), client_for(cast.charlie)
    for route in organization_routes():
        part = by_its_verb(signed_out, route.path(), headers=PART)
        assert part.status_code == 204, route.pattern
        assert part.headers["HX-Redirect"] == "/accounts/login/?next=/o/acme/members/%3Fpage%3D2", route.pattern
        assert part.content == b""
        foreign, missing = (by_its_verb(stranger, route.path(slug), headers=PART) for slug in ("acme", "nowhere"))
        assert foreign.status_code == 404, route.pattern
        assert plain(foreign) == plain(missing), route.pattern


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("https://evil.example/o/acme/?x=1", "/o/acme/%3Fx%3D1"),
        ("//evil.example", "/"),
        ("https://evil.example//evil.example/x", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_3_the_way_back_from_a_part_stays_here(cast, address, back):
    part = Client().get("/o/acme/members/", headers={**PART, "HX-Current-URL": address})
    assert part.headers["HX-Redirect"] == f"/accounts/login/?next={back}"


@pytest.mark.parametrize("headers", [{}, PART], ids=["pages", "parts"])
def test_1_6_another_organizations_ids_are_as_good_as_missing(cast, client_for, headers):
    """The owner of both tries the ids of one under the slug of the other, by every verb: 404, and nothing changes."""
    globex_ids = fill_tenant_tables(cast.globex.id, "GLOBEX")
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        Membership.objects.filter(user=cast.dora).update(role=Role.OWNER)
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        Membership.objects.filter(user=cast.dora).update(role=Role.OWNER)
        globex_ids["accounts_membership"] = Membership.objects.get(user=cast.charlie).pk
    client = client_for(cast.dora)
    client.raise_request_exception = False
    before = fingerprint()
    tried = 0
    for route in organization_routes():
        if not route.objects:
            continue
        foreign_ids = {name: globex_ids[table] for name, table in route.objects.items()}
        for send in (client.get, client.post, client.put, client.patch, client.delete):
            # What an earlier answer left to be told would be told on the first of the two pages only.
            client.cookies.pop("messages", None)
            foreign = send(route.path("acme", **foreign_ids), headers=headers)
            missing = send(route.path("acme"), headers=headers)
            assert foreign.status_code == missing.status_code, route.pattern
            # 400: the form was bad before its object was looked for.
            assert foreign.status_code in (400, 404, 405) or route.name in FORGIVING, route.pattern
            assert plain(foreign) == plain(missing), route.pattern
            tried += 1
    assert tried > 20
    assert fingerprint() == before


def test_2_an_organization_in_the_query_changes_nothing(cast, client_for):
    client = client_for(cast.alice)
    for route in organization_routes():
        path = route.path()
        asked = client.get(path)
        extra = {"organization": str(cast.globex.id), "organization_id": str(cast.globex.id), "slug": "globex"}
        forged = client.get(path, extra, headers={"X-Organization": "globex"})
        assert forged.status_code in (asked.status_code, 400), route.pattern
        assert b"globex" not in plain(forged).lower().replace(b"slug=globex", b""), route.pattern


def test_5_a_filter_across_relations_tells_nothing(cast, client_for):
    """A filter that the page does not offer must not act: neither as a filter, nor as an order."""
    client = client_for(cast.alice)
    filters = ("organization__membership__user__password__startswith", "user__password__startswith", "id__gt")
    orders = ("sort", "order", "ordering", "order_by", "o")
    for route in organization_routes():
        path = route.path()
        if client.get(path).status_code != 200:
            continue
        first, second = (client.get(path, dict.fromkeys(filters, value)) for value in ("a", "zzz"))
        assert first.status_code == second.status_code, route.pattern
        assert first.status_code in (200, 400), route.pattern
        assert plain(first) == plain(second).replace(b"=zzz", b"=a"), route.pattern
        ordered = client.get(path, dict.fromkeys(orders, "organization__membership__user__password"))
        assert ordered.status_code in (200, 400), route.pattern


def test_11_nothing_of_an_organization_is_kept_by_a_cache(cast, client_for):
    client = client_for(cast.alice)
    for route in organization_routes():
        response = client.get(route.path())
        assert response.headers["Cache-Control"] == "private, no-store", route.pattern
        if response.status_code < 400:
            assert "Cookie" in response.headers.get("Vary", ""), route.pattern
    for route in all_routes():
        if OTHER.get(route.name) == SIGNED_IN:
            assert "no-store" in client.get(route.path()).headers["Cache-Control"], route.pattern
