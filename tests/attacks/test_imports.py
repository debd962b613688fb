"""Attacks 7, 8, 12 and 55 by way of files: foreign ids, columns nobody offers, paths, formulas, settings that widen."""

import json
import zipfile

import pytest

from accounts.models import Membership, Organization
from accounts.tenancy import service_context
from portfolio.models import Account, Contact, Import, Opportunity, Plan, Product
from tests.portfolio.desk import BASE, Desk

pytestmark = pytest.mark.django_db
THEIRS = {
    "products.csv": "product_id,name\nP-THEIRS,Theirs\n",
    "plans.csv": "plan_id,product_id,name,rank\nL-THEIRS,P-THEIRS,Theirs,1\n",
    "accounts.csv": "account_id,name\nA-THEIRS,Canary of globex\n",
    "opportunities.csv": "opportunity_id,account_id,lever\nO-THEIRS,A-THEIRS,upsell\n",
}


@pytest.fixture
def ours(cast, tmp_path):
    (tmp_path / "acme").mkdir()
    desk = Desk(cast.acme, tmp_path / "acme")
    desk.drop(BASE)
    return desk


@pytest.fixture
def theirs(cast, tmp_path):
    (tmp_path / "globex").mkdir()
    desk = Desk(cast.globex, tmp_path / "globex")
    desk.drop(THEIRS)
    return desk


def test_7_no_file_refers_to_another_organizations_rows(ours, theirs):
    """By the source's id, by our own id, alone or beside good rows: as if it were not there."""
    before = theirs.export()
    with service_context(theirs.organization.pk):
        account, product = Account.objects.get().pk, Product.objects.get().pk
        plan, opportunity = Plan.objects.get().pk, Opportunity.objects.get().pk
    files = {
        "accounts.csv": f"account_id,name,parent_account_id\nX1,x,A-THEIRS\nX2,x,{account}\n",
        "plans.csv": f"plan_id,product_id,name,rank\nX1,P-THEIRS,x,1\nX2,{product},x,1\n",
        "contacts.csv": f"contact_id,account_id\nX1,A-THEIRS\nX2,{account}\nX3,A1\n",
        "subscriptions.csv": (
            "subscription_id,account_id,product_id,plan_id,started_on,mrr\n"
            f"X1,A1,crm,L-THEIRS,2026-01-01,1\nX2,A1,crm,{plan},2026-01-01,1\nX3,A1,P-THEIRS,,2026-01-01,1\n"
        ),
        "opportunity_history.csv": (
            "opportunity_id,at,stage\nO-THEIRS,2026-01-01T00:00Z,won\n" + f"{opportunity},2026-01-01T00:00Z,won\n"
        ),
        "usage.csv": (
            "account_id,product_id,metric,day,quantity\n"
            f"A-THEIRS,,m,2026-01-01,1\n{account},,m,2026-01-01,1\nA1,P-THEIRS,m,2026-01-01,1\n"
        ),
    }
    record = ours.drop(files)
    rows = {name: content.count("\n") - 1 for name, content in files.items()}
    rejected = [(row[0], row[4].startswith("No such ")) for row in ours.rejected(record)]
    assert sorted(rejected) == sorted(
        (name, True) for name in files for _row in range(rows[name] - (name == "contacts.csv"))
    )
    assert [row["contact_id"] for row in ours.facts("contacts")] == ["X3"]
    assert theirs.export() == before


def test_7_the_same_ids_in_two_organizations_are_two_rows(ours, theirs):
    before = theirs.export()
    record = ours.drop(THEIRS)
    assert {name: counts[1] for name, counts in ours.counts(record).items()} == {
        "products.csv": 1,
        "plans.csv": 1,
        "accounts.csv": 1,
        "opportunities.csv": 1,
    }
    ours.drop({"accounts.csv": "account_id,name\nA-THEIRS,Renamed by acme\n"})
    assert theirs.export() == before


def test_8_columns_that_no_file_has_are_ignored(ours, theirs):
    """Nobody chooses a row's organization, id, import or hashes."""
    names = ("organization", "organization_id", "id", "import_number", "source_id", "sealed_digest", "email_hash")
    row = (theirs.organization.pk, theirs.organization.pk, "00000000-0000-4000-8000-000000000001", 99, "S", "x", "x")
    record = ours.drop(
        {
            "contacts.csv": f"contact_id,account_id,name,{','.join(names)}\n"
            f"C1,A1,Ingrid,{','.join(str(cell) for cell in row)}\n"
        }
    )
    assert ours.counts(record)["contacts.csv"] == (1, 1, 0, 0, 0)
    assert any(all(name in note for name in names) for note in ours.states(record)["contacts.csv"][1])
    with service_context(ours.organization.pk):
        contact = Contact.objects.get()
        assert (contact.organization_id, contact.source_id, contact.import_number) == (ours.organization.pk, "C1", 2)
        assert str(contact.pk) != row[2]
        assert bytes(contact.email_hash) == b""
    assert theirs.facts("contacts") == []


def test_8_settings_of_a_file_widen_nothing(cast, theirs, tmp_path):
    """Who sees what, the trial and the address are not a file's to say."""
    (tmp_path / "empty").mkdir()
    desk = Desk(cast.acme, tmp_path / "empty")
    with service_context(desk.organization.pk):
        Organization.objects.update(visibility="own")
        kept = Organization.objects.values("slug", "name", "trial_ends_at", "visibility", "id").get()
    wished = {
        "visibility": "all",
        "trial_ends_at": None,
        "slug": "globex",
        "name": "Globex",
        "id": str(theirs.organization.pk),
        "currency": "USD",
    }
    settings = json.dumps({"organization": wished, "members": [{"email": "eve@elsewhere.example", "role": "owner"}]})
    desk.drop({"settings.json": settings, **BASE})
    with service_context(desk.organization.pk):
        assert Organization.objects.values("slug", "name", "trial_ends_at", "visibility", "id").get() == kept
        assert Organization.objects.get().currency == "USD"
        assert Membership.objects.filter(role="owner").count() == 1


@pytest.mark.parametrize(
    "name", ["../../accounts.csv", "/etc/accounts.csv", "..\\accounts.csv", "a/../../accounts.csv"]
)
def test_12_a_zip_reaches_nothing_outside_itself(ours, name):
    folder = ours.put({})
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr(name, "account_id,name\nEVIL,x\n")
    before = {path: path.stat().st_mtime_ns for path in ours.folder.parent.rglob("*")}
    record = ours.drop(folder)
    assert ours.states(record)["all.zip"][0] == "refused"
    assert "EVIL" not in {row["account_id"] for row in ours.facts("accounts")}
    assert {path: path.stat().st_mtime_ns for path in ours.folder.parent.rglob("*")} == before


def test_12_another_organizations_import_can_be_neither_run_nor_undone(ours, theirs):
    from portfolio.importing import run_import, take_back
    from portfolio.importing.undo import claim_undo

    with service_context(theirs.organization.pk):
        record = Import.objects.get()
    before = theirs.export()
    assert run_import(ours.organization.pk, record.pk, sources=[]) is None
    with service_context(ours.organization.pk):
        assert not claim_undo(record.pk)
    with pytest.raises(Import.DoesNotExist):
        take_back(ours.organization.pk, record.pk)
    assert theirs.export() == before


def test_55_contract_files_hold_cells_as_they_are_and_screens_hold_none_that_runs(ours):
    """An export is read by programmes; what people open in spreadsheets is held back (tests/portfolio/test_rejects)."""
    cells = ["=1+1", "+1", "-1", "@SUM(1)", "\tx", "=cmd|' /C calc'!A0"]
    rows = "".join(f'A{n},"{cell}","{cell}"\n' for n, cell in enumerate(cells, 10))
    ours.drop({"accounts.csv": "account_id,name,industry\n" + rows})
    assert [row["industry"] for row in ours.facts("accounts") if "industry" in row] == [cell.strip() for cell in cells]
