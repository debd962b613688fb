"""Whole imports of the files other than usage: what lands, what is refused, what a second time does."""

from datetime import UTC, datetime

import pytest
import time_machine

from accounts.tenancy import service_context
from portfolio.models import Account, Contact, Import
from portfolio.people import hash_address, hash_name, hash_words
from tests.portfolio.desk import BASE

pytestmark = pytest.mark.django_db


def test_files_land_in_the_order_of_what_they_refer_to(desk):
    record = desk.drop({"subscriptions.csv": SUBSCRIPTIONS, **BASE, "outcomes.csv": "x\n1\n"})
    assert record.state == Import.State.LANDED
    assert desk.counts(record) == {
        "products.csv": (2, 2, 0, 0, 0),
        "plans.csv": (2, 2, 0, 0, 0),
        "accounts.csv": (2, 2, 0, 0, 0),
        "subscriptions.csv": (2, 2, 0, 0, 0),
        "outcomes.csv": (0, 0, 0, 0, 0),
    }
    assert desk.states(record)["subscriptions.csv"] == (
        "landed",
        ["There are no columns term_months, renews_on: no contract has a decision date."],
    )
    assert desk.states(record)["outcomes.csv"] == ("ignored", ["The contract has no file of this name. Ignored."])
    assert desk.facts("subscriptions") == [
        {
            "subscription_id": "S1",
            "account_id": "A1",
            "product_id": "crm",
            "plan_id": "team",
            "started_on": "2025-01-01",
            "ended_on": "2026-01-01",
            "seats": "10",
            "mrr": "200",
            "currency": "EUR",
        },
        {
            "subscription_id": "S1",
            "account_id": "A1",
            "product_id": "crm",
            "plan_id": "scale",
            "started_on": "2026-01-01",
            "seats": "12.5",
            "mrr": "249.9",
            "currency": "EUR",
        },
    ]


SUBSCRIPTIONS = (
    "subscription_id,account_id,product_id,plan_id,started_on,ended_on,seats,mrr,currency\n"
    "S1,A1,crm,team,2025-01-01,2026-01-01,10,200.00,EUR\n"
    "S1,A1,crm,scale,2026-01-01,,12.5,249.90,eur\n"
)


def test_the_same_files_twice_change_nothing(base):
    files = {**BASE, "subscriptions.csv": SUBSCRIPTIONS}
    base.drop(files)
    before = base.export()
    again = base.drop(files)
    assert {name: counts[1:] for name, counts in base.counts(again).items()} == {
        "products.csv": (0, 0, 2, 0),
        "plans.csv": (0, 0, 2, 0),
        "accounts.csv": (0, 0, 2, 0),
        "subscriptions.csv": (0, 0, 2, 0),
    }
    assert base.export() == before


def test_columns_in_any_order_unknown_ones_ignored_lacking_ones_kept(base):
    base.drop({"accounts.csv": "account_id,name,industry\nA1,Halvorsen Rederi,Shipping\n"})
    changed = base.drop({"accounts.csv": "twitter;NAME;account_id\n@h;Halvorsen;A1\n"})
    assert base.counts(changed) == {"accounts.csv": (1, 0, 1, 0, 0)}
    assert base.states(changed)["accounts.csv"][1] == [
        "The column twitter is not in the contract and was ignored.",
        "There are no columns csm_email, am_email: the accounts stand in nobody's book.",
    ]
    assert base.facts("accounts") == [
        {"account_id": "A1", "name": "Halvorsen", "industry": "Shipping"},
        {"account_id": "A2", "name": "Clearwell Utilities"},
    ]


def test_an_empty_cell_empties(base):
    base.drop({"accounts.csv": "account_id,name,employees,industry\nA1,H,12,Shipping\n"})
    base.drop({"accounts.csv": "account_id,name,employees,industry\nA1,H,,  \n"})
    assert base.facts("accounts")[0] == {"account_id": "A1", "name": "H"}


def test_good_rows_land_and_bad_ones_are_named(base):
    record = base.drop(
        {
            "subscriptions.csv": (
                "subscription_id,account_id,product_id,plan_id,started_on,ended_on,mrr\n"
                'S1,A1,crm,team,2025-01-01,,"1.234,00"\n'
                "S2,A1,crm,team,2025-01-01,31/10/2026,10\n"
                '"S3\n(two lines)",ACME-0041,crm,team,2025-01-01,,10\n'
                "S4,A1,crm,gold,2025-01-01,,10\n"
                "S5,A2,crm,,2025-01-01,,10\n"
                "S5,A1,crm,,2025-01-01,,11\n"
                ",A1,crm,,2025-01-01,,11\n"
            )
        }
    )
    assert base.rejected(record) == [
        ("subscriptions.csv", 2, "mrr", "1.234,00", "Not a decimal with a dot. Write 1234.00."),
        ("subscriptions.csv", 3, "ended_on", "31/10/2026", "Not an ISO date. Write 2026-10-31."),
        ("subscriptions.csv", 4, "account_id", "ACME-0041", "No such account in accounts.csv or in Phano."),
        ("subscriptions.csv", 6, "plan_id", "gold", "No such plan in plans.csv or in Phano."),
        (
            "subscriptions.csv",
            8,
            "subscription_id",
            "S5",
            "Second row with the same subscription_id, started_on; the first was kept.",
        ),
        ("subscriptions.csv", 9, "subscription_id", "", "Empty, and every row needs it."),
    ]
    assert base.counts(record) == {"subscriptions.csv": (7, 1, 0, 0, 6)}
    assert base.facts("subscriptions", ["subscription_id", "account_id", "mrr"]) == [
        {"subscription_id": "S5", "account_id": "A2", "mrr": "10"}
    ]


def test_a_second_row_is_found_across_blocks(base, monkeypatch):
    monkeypatch.setattr("portfolio.importing.blocks.BLOCK_ROWS", 2)
    rows = "account_id,name\nA1,Halvorsen Rederi\nA2,Clearwell Utilities\nA3,New\nA1,Another name\nA3,Third\n"
    record = base.drop({"accounts.csv": rows})
    assert base.counts(record) == {"accounts.csv": (5, 1, 0, 2, 2)}
    assert [(row[1], row[3], row[4]) for row in base.rejected(record)] == [
        (5, "A1", "Second row with this id; the first was kept."),
        (6, "A3", "Second row with this id; the first was kept."),
    ]
    assert [row["name"] for row in base.facts("accounts")] == ["Halvorsen Rederi", "Clearwell Utilities", "New"]


def test_a_row_after_a_refused_one_with_its_id_is_the_first(base):
    record = base.drop({"contacts.csv": "contact_id,account_id,title\nC1,NOBODY,a\nC1,A1,b\n"})
    assert base.counts(record) == {"contacts.csv": (2, 1, 0, 0, 1)}


def test_parents_may_stand_anywhere_in_the_file(desk, monkeypatch):
    monkeypatch.setattr("portfolio.importing.blocks.BLOCK_ROWS", 2)
    rows = (
        "account_id,name,parent_account_id,referred_by_account_id\n"
        "A1,One,A9,\nA2,Two,A1,A5\nA3,Three,GONE,\nA4,Four,A3,\nA5,Five,,\nA6,Six,A6,\nA9,Nine,,A1\nA9,Ninth,GONE,\n"
    )
    record = desk.drop({"accounts.csv": rows})
    assert desk.facts("accounts") == [
        {"account_id": "A1", "name": "One", "parent_account_id": "A9"},
        {"account_id": "A2", "name": "Two", "parent_account_id": "A1", "referred_by_account_id": "A5"},
        {"account_id": "A5", "name": "Five"},
        {"account_id": "A9", "name": "Nine", "referred_by_account_id": "A1"},
    ]
    assert [(row[1], row[2], row[3], row[4]) for row in desk.rejected(record)] == [
        (4, "parent_account_id", "GONE", "No such account in accounts.csv or in Phano."),
        (5, "parent_account_id", "A3", "No such account in accounts.csv or in Phano."),
        (7, "parent_account_id", "A6", "An account cannot be its own parent."),
        (9, "parent_account_id", "GONE", "No such account in accounts.csv or in Phano."),
    ]
    assert desk.counts(record) == {"accounts.csv": (8, 4, 0, 0, 4)}
    again = desk.drop({"accounts.csv": rows})
    assert desk.counts(again) == {"accounts.csv": (8, 0, 0, 4, 4)}


# In the future, because PostgreSQL's own clock ends the context's token.
@time_machine.travel(datetime(2028, 11, 20, 22, 30, tzinfo=UTC), tick=False)
def test_a_changed_field_keeps_its_history_from_the_organization_s_own_day(desk):
    head = "account_id,name,tier,csm_email,parent_account_id,strategic\n"
    desk.drop({"accounts.csv": head + "A1,One,smb,old@acme.example,,\nA2,Two,smb,,,true\n"})
    # The same evening: nothing is known to have been otherwise before.
    desk.drop({"accounts.csv": head + "A1,One,mid_market,old@acme.example,,\nA2,Two,smb,,,true\n"})
    assert desk.facts("account_history") == []
    with time_machine.travel(datetime(2028, 11, 24, 23, 30, tzinfo=UTC), tick=False):
        # 00:30 on the 25th in Paris.
        desk.drop({"accounts.csv": head + "A1,One,mid_market,new@acme.example,A2,\nA2,Two,smb,,,false\n"})
    assert desk.facts("account_history") == [
        {"account_id": "A1", "field": "csm_email", "from_on": "2028-11-20", "value": "old@acme.example"},
        {"account_id": "A1", "field": "csm_email", "from_on": "2028-11-25", "value": "new@acme.example"},
        {"account_id": "A1", "field": "parent_account_id", "from_on": "2028-11-20"},
        {"account_id": "A1", "field": "parent_account_id", "from_on": "2028-11-25", "value": "A2"},
        {"account_id": "A2", "field": "strategic", "from_on": "2028-11-20", "value": "true"},
        {"account_id": "A2", "field": "strategic", "from_on": "2028-11-25", "value": "false"},
    ]
    with time_machine.travel(datetime(2028, 11, 25, 12, 0, tzinfo=UTC), tick=False):
        # A second change on one day replaces the first of that day.
        desk.drop({"accounts.csv": "account_id,name,csm_email\nA1,One,third@acme.example\n"})
    assert desk.facts("account_history")[1] == {
        "account_id": "A1",
        "field": "csm_email",
        "from_on": "2028-11-25",
        "value": "third@acme.example",
    }


def test_history_is_kept_in_the_spelling_of_its_field(base):
    record = base.drop(
        {
            "account_history.csv": (
                "account_id,field,from_on,value\n"
                "A1,strategic,2025-01-01,TRUE\nA1,tier,2025-01-01,gold\nA1,name,2025-01-01,x\n"
                "A2,parent_account_id,2025-01-01,LEFT-US\n"
            )
        }
    )
    assert [(row[1], row[2], row[3]) for row in base.rejected(record)] == [(3, "value", "gold"), (4, "field", "name")]
    assert base.facts("account_history") == [
        {"account_id": "A1", "field": "strategic", "from_on": "2025-01-01", "value": "true"},
        {"account_id": "A2", "field": "parent_account_id", "from_on": "2025-01-01", "value": "LEFT-US"},
    ]


def test_ends_declared_as_last_paid_days_move_by_one(base):
    base.drop({"subscriptions.csv": SUBSCRIPTIONS}, last_paid_days=True)
    assert [row.get("ended_on") for row in base.facts("subscriptions")] == ["2026-01-02", None]
    again = base.drop({"subscriptions.csv": SUBSCRIPTIONS}, last_paid_days=True)
    assert base.counts(again) == {"subscriptions.csv": (2, 0, 0, 2, 0)}


CONTACTS = "contact_id,account_id,name,email,phone,title\nC1,A1,Élodie  Moe,Elodie@H.example,+47 1,COO\n"


def test_people_are_sealed_and_found_by_their_hashes(base):
    base.drop({"contacts.csv": CONTACTS})
    organization = base.organization.pk
    with service_context(organization):
        (contact,) = Contact.objects.all()
        assert (contact.name, contact.email, contact.phone) == ("Élodie  Moe", "Elodie@H.example", "+47 1")
        raw = Contact.objects.raw("SELECT id, organization_id, name::bytea AS kept FROM portfolio_contact")[0]
        assert b"lodie" not in bytes(raw.kept)
        assert bytes(contact.email_hash) == hash_address(organization, "elodie@h.example")
        assert bytes(contact.name_hash) == hash_name(organization, "elodie moe")
        assert [bytes(word) for word in contact.word_hashes] == hash_words(organization, "MOE Elodie")


def test_a_private_cell_is_known_to_be_unchanged_without_opening_it(base, monkeypatch):
    base.drop({"contacts.csv": CONTACTS})

    def refuse(*_args, **_kwargs):
        raise AssertionError("opened")

    monkeypatch.setattr("accounts.encryption.decrypt", refuse)
    again = base.drop({"contacts.csv": CONTACTS})
    assert base.counts(again) == {"contacts.csv": (1, 0, 0, 1, 0)}


def test_a_private_cell_that_the_file_lacks_stays(base):
    base.drop({"contacts.csv": CONTACTS})
    changed = base.drop({"contacts.csv": "contact_id,account_id,name\nC1,A1,Elodie Moe-Lund\n"})
    assert base.counts(changed) == {"contacts.csv": (1, 0, 1, 0, 0)}
    assert base.facts("contacts") == [
        {
            "contact_id": "C1",
            "account_id": "A1",
            "name": "Elodie Moe-Lund",
            "email": "Elodie@H.example",
            "phone": "+47 1",
            "title": "COO",
        }
    ]
    other = base.drop({"contacts.csv": "contact_id,account_id,title\nC1,A1,CEO\n"})
    assert base.counts(other) == {"contacts.csv": (1, 0, 1, 0, 0)}
    assert base.facts("contacts")[0]["name"] == "Elodie Moe-Lund"


def test_only_case_is_a_change_too(base):
    base.drop({"contacts.csv": CONTACTS})
    changed = base.drop({"contacts.csv": CONTACTS.replace("Élodie  Moe", "élodie  moe")})
    assert base.counts(changed) == {"contacts.csv": (1, 0, 1, 0, 0)}


def test_a_new_person_without_private_cells_lands(base):
    record = base.drop({"contacts.csv": "contact_id,account_id,title\nC9,A1,CFO\n"})
    assert base.counts(record) == {"contacts.csv": (1, 1, 0, 0, 0)}
    assert base.facts("contacts") == [{"contact_id": "C9", "account_id": "A1", "title": "CFO"}]


def test_a_formula_and_a_script_are_only_text(base):
    name = "=cmd|' /C calc'!A0<script>alert(1)</script>"
    base.drop({"accounts.csv": f'account_id,name\nA1,"{name}"\n'})
    assert base.facts("accounts")[0]["name"] == name


def test_acts_come_only_with_an_export(base):
    acts = "act_id,account_id,kind,at\nX1,A1,called,2026-01-01T10:00:00Z\n"
    alone = base.drop({"acts.csv": acts})
    assert base.states(alone)["acts.csv"] == (
        "ignored",
        ["Acts are written by Phano and read only from an export with its manifest.json."],
    )
    with_manifest = base.drop({"acts.csv": acts, "manifest.json": "{}"})
    assert base.counts(with_manifest)["acts.csv"] == (1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        (
            "accounts.csv",
            "name,domain\nx,y\n",
            "The column account_id is missing, and every row needs it. Nothing was read.",
        ),
        (
            "accounts.csv",
            "a,b\n1,2\n",
            "The first line is no header of this file: it needs account_id, name. Nothing was read.",
        ),
        ("accounts.csv", "account_id,name,name\n", "The header has name twice. Nothing was read."),
        ("accounts.csv", "", "The file is empty."),
        (
            "accounts.csv",
            "account_id,name\nA1,x\n".encode("utf-16"),
            "This is not UTF-8 text. Save the file as “CSV UTF-8”. Nothing was read.",
        ),
    ],
)
def test_a_wrong_file_is_refused_and_the_others_land(desk, name, content, note):
    record = desk.drop({"products.csv": BASE["products.csv"], name: content})
    assert desk.states(record)[name] == ("refused", [note])
    assert desk.counts(record)["products.csv"] == (2, 2, 0, 0, 0)
    assert record.state == Import.State.LANDED


def test_a_wrong_file_of_many_bad_rows_is_counted_whole_and_kept_in_part(base, monkeypatch):
    monkeypatch.setattr("portfolio.importing.records.MOST_REJECTED", 3)
    monkeypatch.setattr("portfolio.importing.blocks.BLOCK_ROWS", 2)
    record = base.drop({"contacts.csv": "contact_id,account_id\n" + "".join(f"C{n},NO\n" for n in range(7))})
    assert base.counts(record) == {"contacts.csv": (7, 0, 0, 0, 7)}
    assert [row[1] for row in base.rejected(record)] == [2, 3, 4]
    assert "Only the first 3 rejected rows are kept; the rest are counted." in base.states(record)["contacts.csv"][1]


def test_a_missing_column_is_named_with_what_follows_from_it(base):
    header = "subscription_id,account_id,product_id,started_on,mrr,plan_id,term_months"
    record = base.drop({"subscriptions.csv": f"{header}\nS1,A1,crm,2025-01-01,10,team,12\n"})
    assert base.states(record)["subscriptions.csv"][1] == [
        "There is no column notice_days: decision dates equal term ends."
    ]


def test_imports_are_numbered_and_rows_carry_the_number(base):
    second = base.drop({"accounts.csv": "account_id,name\nA1,Halvorsen Rederi\nA3,Third\n"})
    assert second.number == 2
    with service_context(base.organization.pk):
        assert dict(Account.objects.values_list("source_id", "import_number")) == {"A1": 1, "A2": 1, "A3": 2}


def test_settings_of_an_export_are_taken_by_an_organization_without_facts(desk, other_desk):
    organization = desk.organization
    with service_context(organization.pk):
        organization.currency, organization.late_renewal_grace_days = "USD", 45
        organization.save()
    folder = other_desk.put({"settings.json": desk.export()["settings.json"], **BASE})
    first = other_desk.drop(folder)
    assert other_desk.states(first)["settings.json"] == (
        "landed",
        ["The organization's settings were taken from the export."],
    )
    assert other_desk.export()["settings.json"] == desk.export()["settings.json"]
    again = other_desk.drop(folder)
    assert other_desk.states(again)["settings.json"][1] == [
        "The organization already has facts: its own settings stand, those of the file were not applied."
    ]
    broken = desk.drop({"settings.json": '{"organization": {"currency": "Euro"}}', **BASE})
    assert desk.states(broken)["settings.json"][1] == ["This is no settings file of an export. Ignored."]
    assert b'"currency": "USD"' in desk.export()["settings.json"]


@pytest.mark.parametrize("character", ["x", "€", "🙂"])
def test_the_longest_keys_that_are_read_fit_into_their_indexes(base, character):
    """A key beyond what an index holds would fail the whole import instead of its row."""
    size = 500 // len(character.encode())
    random = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(size)) if character == "€" else character * size
    name = "".join(chr(0x4E00 + (n * 104729) % 20000) for n in range(2000 // 3))
    record = base.drop(
        {
            "accounts.csv": f"account_id,name\n{random},{name}\nA1,x\n",
            "targets.csv": f"kpi,period,group_by,group,value\n{random},{random},{random},{random},1\n",
            "intent_signals.csv": f"account_id,observed_on,topic,provider\nA1,2026-01-01,{random},{random}\n",
            "usage.csv": f"account_id,metric,day,quantity\nA1,{random},2026-01-01,1\nA1,{random}yyyy,2026-01-01,1\n",
        }
    )
    assert record.state == Import.State.LANDED
    assert base.counts(record)["targets.csv"] == (1, 1, 0, 0, 0)
    assert [(row[0], row[1], row[2]) for row in base.rejected(record)] == [("usage.csv", 3, "metric")]
