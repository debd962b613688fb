"""The commands: what they print, where, and with which exit code."""

import csv
import io
import json

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from accounts.directory import find_organization
from accounts.models import Membership, Organization, Team, User
from accounts.tenancy import service_context
from portfolio import events
from portfolio.contract import FILES
from portfolio.models import Account, Import
from portfolio.sample import MEMBERS, PASSWORD
from tests.portfolio.desk import BASE

pytestmark = pytest.mark.django_db


def run(*arguments, **options) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def found(**options) -> str:
    named = {"name": "Initech", "slug": "initech", "owner": "Peter@Initech.example"} | options
    return run("create_organization", *(f"--{key.replace('_', '-')}={value}" for key, value in named.items()))


def test_an_organization_is_founded_without_an_end(db):
    said = found(currency="USD", time_zone="America/New_York")
    owner = User.objects.get(email="peter@initech.example")
    assert said.splitlines() == [
        "Initech is founded: http://localhost:8000/o/initech/",
        "peter@initech.example has no password yet. Set one at http://localhost:8000/accounts/password/reset/",
    ]
    assert not owner.has_usable_password()
    assert EmailAddress.objects.get(user=owner).verified
    with service_context(find_organization("slug", "initech")):
        organization = Organization.objects.get()
        assert (organization.currency, organization.time_zone, organization.trial_ends_at) == (
            "USD",
            "America/New_York",
            None,
        )
        roles = Membership.objects.order_by("role").values_list("role", "user__email")
        assert [(role, email) for role, email in roles if role != "service"] == [("owner", "peter@initech.example")]
    assert found(slug="second", name="Second").splitlines() == ["Second is founded: http://localhost:8000/o/second/"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"slug": "acme"}, "The address acme is taken."),
        ({"currency": "EURO"}, "currency: Enter a valid value. Ensure this value has at most 3 characters (it has 4)."),
        ({"time_zone": "Mars/Base"}, "time_zone: Mars/Base is not a time zone. Write for example Europe/Paris."),
        ({"owner": "peter"}, "Enter a valid email address."),
        ({"name": ""}, "name: This field cannot be blank."),
    ],
)
def test_what_cannot_be_founded_is_named_and_leaves_nothing(cast, options, sentence):
    users = User.objects.count()
    with pytest.raises(CommandError) as refused:
        found(**options)
    assert (str(refused.value), refused.value.returncode) == (sentence, 1)
    assert User.objects.count() == users


def test_an_import_prints_each_file_and_keeps_the_rejected_rows(desk, tmp_path):
    folder = desk.put({**BASE, "accounts.csv": BASE["accounts.csv"] + "A3,\n", "outcomes.csv": "x\n"})
    rejects = tmp_path / "rejects.csv"
    out = io.StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("import_portfolio", str(folder), organization="acme", rejects=rejects, stdout=out)
    assert str(failed.value) == f"1 rows were rejected. {rejects} holds them."
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    # What the files' missing columns mean is told in test_importing.
    assert [line for line in lines if not line.startswith(("There is no", "There are no"))] == [
        "Import 1",
        "read created updated unchanged rejected",
        "products.csv 2 2 0 0 0",
        "plans.csv 2 2 0 0 0",
        "accounts.csv 3 2 0 0 1",
        "outcomes.csv",
        "The contract has no file of this name. Ignored.",
    ]
    (row,) = csv.DictReader(io.StringIO(rejects.read_text(), newline=""))
    assert (row["rejected_line"], row["account_id"], row["rejected_reason"]) == (
        "4",
        "A3",
        "Empty, and every row needs it.",
    )


def test_an_import_without_a_rejected_row_exits_0_whatever_it_ignored(desk):
    folder = desk.put({**BASE, "outcomes.csv": "x\n", "accounts.csv": "account_id,name,twitter\nA1,x,y\n"})
    run("import_portfolio", str(folder), organization="acme")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"notes.txt": "x"}, "None of these files is in the data contract."),
        ({"accounts.csv": "x,y\n1,2\n"}, "Not read: accounts.csv."),
    ],
)
def test_an_import_that_read_nothing_fails(desk, files, sentence):
    with pytest.raises(CommandError) as failed:
        run("import_portfolio", str(desk.put(files)), organization="acme")
    assert str(failed.value) == sentence


def test_an_import_into_nowhere_or_of_nothing_fails(desk, tmp_path):
    for arguments, sentence in (
        ((str(tmp_path), "--organization=nobody"), "There is no organization nobody."),
        ((str(tmp_path / "no"), "--organization=acme"), f"There is no file or folder {tmp_path / 'no'}."),
    ):
        with pytest.raises(CommandError) as failed:
            run("import_portfolio", *arguments)
        assert str(failed.value) == sentence


def test_an_import_beside_a_running_one_is_refused_and_leaves_no_trace(desk):
    begun, _sources = desk.begin(BASE)
    with service_context(desk.organization.pk):
        Import.objects.filter(pk=begun.pk).update(state="running", heartbeat_at="2099-01-01T00:00Z")
    with pytest.raises(CommandError, match="Another import of this organization is running"):
        run("import_portfolio", str(desk.put(BASE)), organization="acme")
    with service_context(desk.organization.pk):
        assert Import.objects.count() == 1


def test_after_the_trial_files_go_out_and_none_comes_in(desk, tmp_path):
    with service_context(desk.organization.pk):
        Organization.objects.update(trial_ends_at="2020-01-01T00:00Z")
    with pytest.raises(CommandError, match="The trial is over"):
        run("import_portfolio", str(desk.put(BASE)), organization="acme")
    run("export_organization", str(tmp_path / "out"), organization="acme")
    assert (tmp_path / "out" / "manifest.json").exists()


def test_no_file_lands_beside_a_loaded_sample(desk):
    desk.begin(BASE)
    with service_context(desk.organization.pk):
        Import.objects.update(origin=Import.Origin.SAMPLE)
    with pytest.raises(CommandError, match="it never mixes with your own"):
        run("import_portfolio", str(desk.put(BASE)), organization="acme")
    with service_context(desk.organization.pk):
        assert Import.objects.count() == 1


def test_an_export_writes_every_file(base, tmp_path):
    said = run("export_organization", str(tmp_path / "out"), organization="acme")
    rows = {line.split()[0]: line.split()[1] for line in said.splitlines()}
    assert rows == {f"{name}.csv": {"products": "2", "plans": "2", "accounts": "2"}.get(name, "0") for name in FILES}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {name: str(entry["rows"]) for name, entry in manifest["files"].items() if "rows" in entry} == rows


def test_an_export_to_where_nothing_can_be_written_fails(base, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(CommandError):
        run("export_organization", str(tmp_path / "file"), organization="acme")


def test_the_sample_organization_is_founded_with_its_members(db, monkeypatch):
    told = []
    monkeypatch.setattr(events, "sample_loaded", [told.append])
    monkeypatch.setattr(events, "facts_arrived", [])
    assert run("load_sample") == "Brindel is founded with the sample portfolio.\n"
    organization_id = find_organization("slug", "brindel")
    assert told == [organization_id]
    with service_context(organization_id):
        assert Account.objects.count() == 120
        assert Organization.objects.get().trial_ends_at is None
        members = Membership.objects.exclude(role="service").select_related("user", "team")
        assert {(m.user.email, m.user.full_name, m.role, m.team.name) for m in members} == set(MEMBERS)
        assert Team.objects.count() == len({row[3] for row in MEMBERS})
    # Not the embedded default: a known password would open the door to anybody.
    assert not any(user.check_password(PASSWORD) for user in User.objects.filter(email__in=[m[0] for m in MEMBERS]))
    assert EmailAddress.objects.filter(verified=True, primary=True).count() == len(MEMBERS)
    assert run("load_sample") == "Brindel has a portfolio already.\n"


def test_members_can_sign_in_in_the_embedded_default(db, monkeypatch, settings):
    settings.EMBEDDED = True
    from portfolio.sample_portfolio import found_sample_organization

    found_sample_organization()
    assert all(user.check_password(PASSWORD) for user in User.objects.filter(email__in=[m[0] for m in MEMBERS]))
