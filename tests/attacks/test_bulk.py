"""Attack 4: acts on several rows at once, one of them another organization's or out of sight, are refused whole."""

import uuid

import pytest

from accounts.context import organization_context
from accounts.models import Organization
from accounts.models.organizations import Visibility
from diagnostics.models import Priority
from portfolio.models import Act
from tests.attacks.routes import organization_routes, plain, takes_ids_in_a_list
from tests.diagnostics.books import diagnose_book, make_leaving_account

VERBS = {"done": {"outcome": "called"}, "snooze": {"until": "tomorrow"}, "dismiss": {"reason": "handled"}}


@pytest.fixture
def rows(cast):
    """Two priorities of Bob's, one of Dora's, and one of another organization."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for name, owner in (("One", cast.bob), ("Two", cast.bob), ("Hidden", cast.dora)):
            make_leaving_account(name, owner=owner.email)
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        make_leaving_account("Foreign", owner=cast.charlie.email)
    cast.rows = {}
    for organization, user in ((cast.acme, cast.alice), (cast.globex, cast.charlie)):
        diagnose_book(organization)
        with organization_context(organization_id=organization.id, user_id=user.id):
            cast.rows |= dict(Priority.objects.values_list("account__name", "id"))
    return cast


def count_acts(cast) -> list[int]:
    counted = []
    for organization, user in ((cast.acme, cast.alice), (cast.globex, cast.charlie)):
        with organization_context(organization_id=organization.id, user_id=user.id):
            counted.append(Act.objects.count())
    return counted


def test_4_every_route_that_takes_ids_in_a_list_is_tried_here():
    found = {route.path() for route in organization_routes() if takes_ids_in_a_list(route.view)}
    assert found == {f"/o/acme/priorities/together/{verb}/" for verb in VERBS}


@pytest.mark.parametrize("verb", VERBS)
def test_4_mixed_ids_are_refused_whole(rows, client_for, verb):
    address = f"/o/acme/priorities/together/{verb}/"
    client, own = client_for(rows.bob), [rows.rows["One"], rows.rows["Two"]]
    answers = [
        client.post(address, {**VERBS[verb], "priority": [*own, stranger]})
        for stranger in (rows.rows["Foreign"], uuid.uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert plain(answers[0]) == plain(answers[1])
    assert count_acts(rows) == [0, 0]
    # The same request without the stranger is granted.
    assert client.post(address, {**VERBS[verb], "priority": own}).status_code == 302
    assert count_acts(rows) == [2, 0]


@pytest.mark.parametrize("verb", VERBS)
def test_4_a_row_out_of_sight_is_a_stranger_too(rows, client_for, verb):
    with organization_context(organization_id=rows.acme.id, user_id=rows.alice.id):
        Organization.objects.update(visibility=Visibility.OWN)
    posted = {**VERBS[verb], "priority": [rows.rows["One"], rows.rows["Hidden"]]}
    assert client_for(rows.bob).post(f"/o/acme/priorities/together/{verb}/", posted).status_code == 404
    assert client_for(rows.charlie).post(f"/o/acme/priorities/together/{verb}/", posted).status_code == 404
    assert client_for(rows.charlie).post(f"/o/globex/priorities/together/{verb}/", posted).status_code == 404
    assert count_acts(rows) == [0, 0]


def test_one_member_cannot_take_back_what_another_did_for_several(rows, client_for):
    own = [rows.rows["One"], rows.rows["Two"]]
    client_for(rows.bob).post("/o/acme/priorities/together/done/", {"outcome": "met", "priority": own})
    with organization_context(organization_id=rows.acme.id, user_id=rows.alice.id):
        act = Act.objects.first()
    client_for(rows.alice).post(f"/o/acme/acts/{act.id}/undo/")
    assert count_acts(rows) == [2, 0]
