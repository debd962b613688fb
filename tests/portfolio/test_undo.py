"""An import is taken back as a whole, and not where later facts stand on it."""

from datetime import UTC, datetime

import pytest
import time_machine

from accounts.models import AuditEntry
from accounts.tenancy import service_context
from portfolio.contract import FILES
from portfolio.importing import NotPossible, take_back
from portfolio.importing.undo import claim_undo
from portfolio.models import Account, Act, Contact, Import, Opportunity, OpportunityStage, PreviousRow, PreviousUsage
from portfolio.people import hash_address
from tests.portfolio.desk import BASE, write_small_sample

pytestmark = pytest.mark.django_db
CONTACTS = "contact_id,account_id,name,email,phone,title\nC1,A1,Ingrid Moe,i@h.example,+47 1,COO\n"


def refusal(desk, record) -> str:
    """Why the import cannot be taken back now; everything stands as before."""
    before = desk.export()
    with service_context(desk.organization.pk):
        assert claim_undo(record.pk)
    with pytest.raises(NotPossible) as refused:
        take_back(desk.organization.pk, record.pk)
    assert desk.fresh(record).state == Import.State.LANDED
    assert desk.export() == before
    return str(refused.value)


def test_what_it_created_goes_and_what_it_changed_returns(base):
    base.drop({"contacts.csv": CONTACTS})
    before = base.export()
    record = base.drop(
        {
            "products.csv": "product_id,name,core\ncrm,CRM 2,false\nnew,New,\n",
            "accounts.csv": (
                "account_id,name,tier,parent_account_id,customer_since,employees\n"
                "A1,Halvorsen,smb,A3,2024-01-01,10\nA3,Third,,A4,,\nA4,Fourth,,A1,,\n"
            ),
            "contacts.csv": "contact_id,account_id,name,email,phone,title\nC1,A3,Ida Moe,,,\nC2,A1,Per,,,\n",
            "subscriptions.csv": (
                "subscription_id,account_id,product_id,started_on,mrr\nS1,A1,new,2025-01-01,1\nS2,A4,crm,2025-01-01,2\n"
            ),
            "usage.csv": "account_id,product_id,metric,day,quantity\nA1,new,events,2026-01-01,1\n",
        }
    )
    assert base.counts(record)["contacts.csv"] == (2, 1, 1, 0, 0)
    assert base.export() != before
    base.take_back(record)
    assert base.export() == before
    undone = base.fresh(record)
    assert undone.state == Import.State.UNDONE
    assert undone.undone_at is not None
    with service_context(base.organization.pk):
        assert PreviousRow.objects.count() == 0
        assert AuditEntry.objects.filter(action="import.undone", subject_id=str(record.pk)).count() == 1
        contact = Contact.objects.get()
        assert bytes(contact.email_hash) == hash_address(base.organization.pk, "i@h.example")


def test_imports_can_be_taken_back_one_after_another_to_nothing(base):
    empty_files = {name: content.split(b"\n")[0] for name, content in base.export().items() if name.endswith(".csv")}
    second = base.drop({"accounts.csv": "account_id,name\nA1,Renamed\nA3,Third\n", "contacts.csv": CONTACTS})
    base.take_back(second)
    with service_context(base.organization.pk):
        first = Import.objects.get(number=1)
    base.take_back(first)
    assert {name: content.strip() for name, content in base.export().items() if name.endswith(".csv")} == empty_files


def test_the_same_files_can_land_again_after_an_undo(base):
    record = base.drop({"contacts.csv": CONTACTS})
    stood = base.export()
    base.take_back(record)
    again = base.drop({"contacts.csv": CONTACTS})
    assert base.counts(again) == {"contacts.csv": (1, 1, 0, 0, 0)}
    assert base.export() == stood


def test_a_later_import_on_what_it_created_must_go_first(base):
    first = first_import(base)
    base.drop({"contacts.csv": CONTACTS})
    assert refusal(base, first) == "Import 2 has contacts.csv on what import 1 created. Undo import 2 first."


def test_usage_of_a_later_import_counts_too(base):
    base.drop({"usage.csv": "account_id,metric,day,quantity\nA1,events,2026-01-01,1\n"})
    assert refusal(base, first_import(base)) == "Import 2 has usage.csv on what import 1 created. Undo import 2 first."


def test_a_later_change_of_its_rows_must_go_first(base):
    second = base.drop({"accounts.csv": "account_id,name\nA1,Second name\n"})
    third = base.drop({"accounts.csv": "account_id,name\nA1,Third name\n"})
    assert refusal(base, second) == "Import 3 changed rows that import 2 brought. Undo import 3 first."
    base.take_back(third)
    base.take_back(second)
    assert base.facts("accounts")[0]["name"] == "Halvorsen Rederi"


def test_a_later_change_of_its_usage_must_go_first(base):
    rows = "account_id,metric,day,quantity\nA1,events,2026-01-01,{}\n"
    second = base.drop({"usage.csv": rows.format(1)})
    third = base.drop({"usage.csv": rows.format(2)})
    assert refusal(base, second) == "Import 3 changed rows that import 2 brought. Undo import 3 first."
    base.take_back(third)
    base.take_back(second)
    assert base.facts("usage") == []
    with service_context(base.organization.pk):
        assert PreviousUsage.objects.count() == 0


def test_what_members_did_is_not_lost(base):
    with service_context(base.organization.pk):
        account = Account.objects.get(source_id="A1")
        Act.objects.create(account=account, source_id="X", kind="called", at=datetime(2026, 1, 1, tzinfo=UTC), note="n")
    assert refusal(base, first_import(base)) == (
        "1 fact was recorded in Phano on what import 1 created; undoing it would lose it."
    )


def test_an_import_that_moved_a_row_to_what_it_created_is_no_hindrance_to_itself(base):
    record = base.drop({"accounts.csv": "account_id,name,parent_account_id\nA1,H,A3\nA3,T,\n"})
    base.take_back(record)
    assert base.facts("accounts") == [
        {"account_id": "A1", "name": "Halvorsen Rederi"},
        {"account_id": "A2", "name": "Clearwell Utilities"},
    ]


def test_history_written_by_a_change_returns_with_it(desk):
    head = "account_id,name,csm_email\nA1,One,{}@acme.example\n"
    for day, name in ((20, "old"), (25, "new"), (25, "third")):
        with time_machine.travel(datetime(2028, 11, day, 12, tzinfo=UTC), tick=False):
            record = desk.drop({"accounts.csv": head.format(name)})
    with time_machine.travel(datetime(2028, 11, 25, 13, tzinfo=UTC), tick=False):
        assert [(row["from_on"], row["value"]) for row in desk.facts("account_history")] == [
            ("2028-11-20", "old@acme.example"),
            ("2028-11-25", "third@acme.example"),
        ]
        desk.take_back(record)
        assert [row["value"] for row in desk.facts("account_history")] == ["old@acme.example", "new@acme.example"]


def test_settings_taken_from_an_export_return(desk, other_desk):
    with service_context(desk.organization.pk):
        desk.organization.currency = "USD"
        desk.organization.save()
    before = other_desk.export()["settings.json"]
    record = other_desk.drop({"settings.json": desk.export()["settings.json"], **BASE})
    assert other_desk.export()["settings.json"] != before
    other_desk.take_back(record)
    assert other_desk.export()["settings.json"] == before


def test_an_undone_import_cannot_be_undone_again(base):
    record = first_import(base)
    base.take_back(record)
    with service_context(base.organization.pk):
        assert not claim_undo(record.pk)
    with pytest.raises(NotPossible):
        take_back(base.organization.pk, record.pk)


def test_nothing_of_another_organization_is_touched(base, other_desk):
    other_desk.drop(BASE)
    before = other_desk.export()
    record = first_import(base)
    base.take_back(record)
    assert other_desk.export() == before


def first_import(desk) -> Import:
    with service_context(desk.organization.pk):
        return Import.objects.get(number=1)


def test_the_sample_is_taken_out_with_what_members_did(desk, tmp_path):
    folder = tmp_path / "sample"
    folder.mkdir()
    write_small_sample(folder, datetime(2026, 11, 20).date())
    record = desk.drop(folder)
    with service_context(desk.organization.pk):
        account = Account.objects.order_by("source_id").first()
        Act.objects.create(account=account, source_id="X", kind="called", at=datetime(2026, 1, 1, tzinfo=UTC))
        # A stage names its opportunity only: one of the sample's, and one that a member opened on its account.
        own = Opportunity.objects.create(account=account, source_id="own", lever="upsell")
        for opportunity in (Opportunity.objects.exclude(pk=own.pk).first(), own):
            OpportunityStage.objects.create(opportunity=opportunity, at=datetime.now(UTC), stage="qualified")
        assert claim_undo(record.pk)
    take_back(desk.organization.pk, record.pk, with_what_members_did=True)
    assert {name: len(content.splitlines()) for name, content in desk.export().items() if name.endswith(".csv")} == {
        f"{name}.csv": 1 for name in FILES
    }
