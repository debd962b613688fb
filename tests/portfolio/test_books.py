"""Whose accounts a member sees, by role and by what the organization chose."""

import uuid

import pytest
from django.http import Http404

from accounts.models import Membership, Role, Team
from accounts.models.organizations import Visibility
from accounts.tenancy import organization_context
from portfolio.books import access_account, visible_accounts
from portfolio.models import Account

pytestmark = pytest.mark.django_db

ACCOUNTS = (
    "account_id,name,csm_email,am_email\n"
    "BOB,One,Bob@acme.example,\nDORA,Two,,dora@consulting.example\nNOBODY,Three,,\nALICE,Four,alice@acme.example,\n"
)


@pytest.fixture
def book(desk, cast):
    """Bob and Dora in one team; nobody in the other."""
    desk.drop({"accounts.csv": ACCOUNTS})
    with organization_context(organization_id=cast.acme.pk, user_id=cast.alice.pk):
        team = Team.objects.create(name="North")
        Membership.objects.filter(user__in=[cast.bob, cast.dora]).update(team=team)
        yield


def seen(user, visibility, role=None) -> set[str]:
    membership = Membership.objects.select_related("organization", "user").get(user=user)
    membership.organization.visibility = visibility
    if role:
        membership.role = role
    return set(visible_accounts(membership).values_list("source_id", flat=True))


ALL = {"BOB", "DORA", "NOBODY", "ALICE"}


@pytest.mark.parametrize(
    ("role", "own", "team", "everybody"),
    [
        (Role.OWNER, ALL, ALL, ALL),
        (Role.ADMIN, ALL, ALL, ALL),
        (Role.MANAGER, {"BOB", "DORA"}, {"BOB", "DORA"}, ALL),
        (Role.CSM, {"BOB"}, {"BOB", "DORA"}, ALL),
        (Role.AM, {"BOB"}, {"BOB", "DORA"}, ALL),
        (Role.VIEWER, {"BOB", "DORA"}, {"BOB", "DORA"}, ALL),
        (Role.DPO, set(), set(), set()),
        (Role.SERVICE, ALL, ALL, ALL),
    ],
)
def test_what_bob_sees_by_role(book, cast, role, own, team, everybody):
    assert [seen(cast.bob, visibility, role) for visibility in (Visibility.OWN, Visibility.TEAM, Visibility.ALL)] == [
        own,
        team,
        everybody,
    ]


def test_a_colleague_who_left_takes_the_book_out_of_the_team(book, cast):
    Membership.objects.filter(user=cast.dora).update(status=Membership.Status.ENDED)
    assert seen(cast.bob, Visibility.TEAM) == {"BOB"}


def test_a_hidden_a_foreign_and_a_missing_account_look_alike(book, cast, other_desk):
    other_desk.drop({"accounts.csv": ACCOUNTS})
    bob = Membership.objects.select_related("organization", "user").get(user=cast.bob)
    bob.organization.visibility = Visibility.OWN
    own = Account.objects.get(source_id="BOB")
    hidden = Account.objects.get(source_id="ALICE").pk
    with organization_context(organization_id=cast.globex.pk, user_id=cast.charlie.pk):
        foreign = Account.objects.get(source_id="BOB").pk
    assert access_account(bob, own.pk) == own
    said = set()
    for account_id in (hidden, foreign, uuid.uuid4(), "not an id", "1 OR 1=1"):
        with pytest.raises(Http404) as refused:
            access_account(bob, account_id)
        said.add(str(refused.value))
    assert len(said) == 1
