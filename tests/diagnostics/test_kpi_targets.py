"""Targets: set, changed, removed and taken back; by whom; and what is refused."""

from decimal import Decimal

import pytest

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization, Role, Visibility
from portfolio.models import Account, Target

URL = "/o/acme/kpis/targets/"
NRR = {"kpi": "nrr", "period": "2026-Q4", "group": ":", "value": "108,5"}


def post(client, path="set/", **values):
    return client.post(f"{URL}{path}", {**NRR, **values} if path == "set/" else {}, follow=True)


def targets(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return sorted(Target.objects.values_list("kpi", "period", "group_by", "group", "value"))


def last_change(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return AuditEntry.objects.filter(action__startswith="target.").order_by("-at").first()


def change_role(cast, who, role):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        Membership.objects.filter(user=who).update(role=role)


def test_a_target_is_set_in_per_cent_and_recorded(cast, client_for):
    page = post(client_for(cast.alice)).content.decode()
    assert targets(cast) == [("nrr", "2026-Q4", "", "", Decimal("1.085"))]
    assert "NRR, Q4 2026: target set." in page
    entry = last_change(cast)
    assert (entry.action, entry.details["before"], entry.details["value"]) == ("target.set", "", "1.085")
    assert f"{URL}{entry.pk}/undo/" in page


def test_a_change_can_be_taken_back_once(cast, client_for):
    client = client_for(cast.alice)
    post(client)
    post(client, value="110")
    undo = f"{last_change(cast).pk}/undo/"
    assert "The target is as it was." in post(client, undo).content.decode()
    assert targets(cast)[0][-1] == Decimal("1.085")
    assert "nothing left to take back" in post(client, undo).content.decode()


def test_an_empty_value_removes_and_undo_brings_it_back(cast, client_for):
    client = client_for(cast.alice)
    post(client)
    post(client, value="")
    assert targets(cast) == []
    post(client, f"{last_change(cast).pk}/undo/")
    assert targets(cast) == [("nrr", "2026-Q4", "", "", Decimal("1.085"))]


def test_a_persons_address_never_stands_in_the_audit_trail(cast, client_for):
    client = client_for(cast.alice)
    group = f"owner:{cast.bob.email}"
    post(client, group=group)
    set_entry = last_change(cast)
    page = post(client, group=group, value="").content.decode()
    assert cast.bob.email not in str(set_entry.details) + str(last_change(cast).details)
    assert f"{last_change(cast).pk}/undo/" not in page
    assert targets(cast) == []


def test_somebody_elses_change_is_not_taken_back(cast, client_for):
    change_role(cast, cast.bob, Role.MANAGER)
    post(client_for(cast.alice))
    assert post(client_for(cast.bob), f"{last_change(cast).pk}/undo/").status_code == 404
    assert len(targets(cast)) == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kpi": "luck"}, "There is no KPI of this name."),
        ({"kpi": "nrr:m7"}, "There is no KPI of this name."),
        ({"period": "2026-13"}, "Choose a month or a quarter."),
        ({"period": "soon"}, "Choose a month or a quarter."),
        ({"group": "colour:red"}, "Choose the whole portfolio or one group."),
        ({"group": "tier:"}, "Choose the whole portfolio or one group."),
        ({"value": "many"}, "Write the target in digits"),
        ({"value": "NaN"}, "Write the target in digits"),
        ({"value": "-3"}, "A target is not below zero."),
        ({"kpi": "grr", "value": "104"}, "GRR is never above 100%"),
        ({"kpi": "expansion_revenue", "value": "9" * 14}, "This target is beyond anything."),
        ({"value": ""}, "There is no target to remove."),
    ],
)
def test_what_is_no_target_is_refused_in_a_sentence(cast, client_for, values, sentence):
    assert sentence in post(client_for(cast.alice), **values).content.decode()
    assert targets(cast) == []


@pytest.mark.parametrize("role", [Role.CSM, Role.AM, Role.VIEWER, Role.DPO])
def test_who_steers_no_book_sets_no_target(cast, client_for, role):
    change_role(cast, cast.bob, role)
    assert client_for(cast.bob).post(f"{URL}set/", NRR).status_code == 403
    assert targets(cast) == []


@pytest.fixture
def team(cast):
    """Bob manages a team without anybody else; Own is his account, Canary Islands somebody else's."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        Account.objects.create(source_id="own", name="Own Ltd", csm_email=cast.bob.email)
        Account.objects.create(source_id="hidden", name="Canary Islands", csm_email="marek@acme.example")
        Organization.objects.update(visibility=Visibility.TEAM)
        for by, group in (("owner", "marek@acme.example"), ("parent", "hidden"), ("parent", "own")):
            Target.objects.create(
                organization_id=cast.acme.id, kpi="nrr", period="2026-Q3", group_by=by, group=group, value="1.1"
            )
    change_role(cast, cast.bob, Role.MANAGER)
    return cast


def test_who_sees_a_part_of_the_book_reads_its_targets_alone(team, client_for):
    page = client_for(team.bob).get(URL).content.decode()
    assert "Own Ltd" in page
    assert f"owner:{team.bob.email}" in page
    assert "marek@" not in page
    assert "Canary" not in page
    everything = client_for(team.alice).get(URL).content.decode()
    assert "Canary Islands" in everything
    assert "owner:marek@acme.example" in everything


@pytest.mark.parametrize(
    "group",
    ["owner:marek@acme.example", "owner:x@y.example", "parent:hidden", "parent:nothing", "tier:gold", "cohort:x"],
)
def test_a_hidden_group_and_a_missing_one_are_refused_alike(team, client_for, group):
    stood, client = targets(team), client_for(team.bob)
    assert "This group is not among those you see." in post(client, group=group).content.decode()
    gone = post(client, group=group, period="2026-Q3", value="").content.decode()
    assert "There is no target to remove." in gone
    assert targets(team) == stood


@pytest.mark.parametrize("group", ["owner:bob", "parent:own", "tier:smb", "value_segment:C", "parent:\0own"])
def test_a_group_in_sight_takes_a_target(team, client_for, group):
    group = group.replace("owner:bob", f"owner:{team.bob.email}")
    post(client_for(team.bob), group=group)
    assert len(targets(team)) == 4


def test_a_stranger_finds_nothing_and_a_target_is_not_set_by_reading(cast, client_for):
    assert client_for(cast.charlie).post(f"{URL}set/", NRR).status_code == 404
    assert client_for(cast.alice).get(f"{URL}set/").status_code == 405
