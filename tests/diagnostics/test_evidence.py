"""The facts behind contributions: every selection that a signal cites, as it was known on the night."""

import csv
import io
import json
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.context import organization_context
from accounts.encryption import hash_for_lookup
from accounts.models import Organization
from diagnostics.engine import read_contributions
from diagnostics.engine.signals import SIGNALS
from diagnostics.evidence import FILES, SELECTIONS, find_records
from diagnostics.exporting import COLUMNS
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Night
from diagnostics.night import run_night
from portfolio.contract import FILES as CONTRACT
from portfolio.models import Account, AccountPlan, Contact, Interaction, Invoice, Product, Subscription, Ticket, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.books import NIGHT, make_leaving_account

CITED = sorted({(records.file, records.selection) for signal in SIGNALS for records in signal.records})


@pytest.fixture
def book(cast):
    """Kestrel, its namesake in globex, and Alice's open context."""
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        make_facts(make_leaving_account("Kestrel", owner=cast.charlie.email), "foreign")
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        account = make_leaving_account("Kestrel", owner=cast.bob.email)
        make_facts(account, "own")
        yield account


def at(days: int) -> datetime:
    return datetime.combine(NIGHT - timedelta(days=days), time(12), Organization.objects.get().zone)


def make_facts(account: Account, prefix: str) -> None:
    """Tickets, invoices and exchanges around the bounds of the selections; days count back from the night."""

    def ticket(name: str, opened: int, **more) -> None:
        Ticket.objects.create(source_id=f"{prefix}-{name}", account=account, opened_at=at(opened), **more)

    ticket("late", 20, due_at=at(15))
    ticket("solved-later", 20, due_at=at(15), solved_at=at(-2))
    ticket("solved", 20, due_at=at(15), solved_at=at(3))
    ticket("not-due", 2, due_at=at(-3))
    ticket("tomorrow", -1, due_at=at(-1), priority="urgent")
    ticket("urgent", 89, priority="urgent", solved_at=at(80))
    ticket("urgent-old", 91, priority="urgent", solved_at=at(80))
    ticket("bad", 40, solved_at=at(38), satisfaction="bad", satisfaction_at=at(37))
    ticket("bad-later", 40, solved_at=at(38), satisfaction="bad", satisfaction_at=at(-1))

    def invoice(name: str, issued: int, due: int, paid: int | None = None, **more) -> None:
        Invoice.objects.create(
            source_id=f"{prefix}-{name}",
            account=account,
            issued_on=NIGHT - timedelta(days=issued),
            due_on=NIGHT - timedelta(days=due),
            paid_on=NIGHT - timedelta(days=paid) if paid is not None else None,
            amount=more.pop("amount", Decimal(100)),
            **more,
        )

    invoice("unpaid", 60, 30)
    invoice("paid-later", 60, 30, -1)
    invoice("paid", 60, 30, 29)
    invoice("credit", 60, 30, amount=Decimal(-5))
    invoice("void", 60, 30, status="void")
    invoice("not-due", 10, -20)
    digest = hash_for_lookup(account.organization_id, "email", "ida@kestrel.example")
    Contact.objects.create(
        source_id=f"{prefix}-ida",
        account=account,
        role="decision_maker",
        email="ida@kestrel.example",
        email_hash=digest,
    )
    Contact.objects.create(
        source_id=f"{prefix}-left", account=account, role="champion", left_on=NIGHT - timedelta(days=5)
    )
    for name, days, more in (
        ("with-ida", 10, {"contact_hashes": [digest]}),
        ("with-others", 9, {}),
        ("cancelled", 8, {"state": "cancelled", "contact_hashes": [digest]}),
        ("planned", -3, {"state": "planned", "contact_hashes": [digest]}),
    ):
        Interaction.objects.create(
            source_id=f"{prefix}-{name}", account=account, kind="meeting", happened_at=at(days), **more
        )
    for days in (100, 20, -1):
        AccountPlan.objects.create(account=account, updated_on=NIGHT - timedelta(days=days))


def names(file: str, selection: str) -> list[str]:
    found = find_records(file, selection, organization=Organization.objects.get(), night=NIGHT)
    return [record.source_id for record in found]


@pytest.mark.parametrize(("file", "selection"), CITED)
def test_every_cited_selection_can_be_looked_up(book, file, selection):
    assert file in CONTRACT
    assert file in FILES
    assert all(not name.startswith("foreign") for name in names(file, selection))


def test_no_selection_is_kept_that_nobody_cites():
    assert sorted(SELECTIONS) == CITED


@pytest.mark.parametrize(
    ("file", "selection", "expected"),
    [
        ("tickets", "open and past due", ["own-late", "own-solved-later"]),
        ("tickets", "high or urgent, 90 days", ["own-urgent"]),
        ("tickets", "complaints, 150 days", ["own-bad"]),
        ("tickets", "answered about satisfaction, 180 days", ["own-bad"]),
        ("invoices", "unpaid past due", ["own-paid-later", "own-unpaid"]),
        ("invoices", "due, 365 days", ["own-paid", "own-paid-later", "own-unpaid"]),
        ("interactions", "two-way, with decision-makers", ["own-with-ida"]),
        ("interactions", "two-way, 90 days", ["own-with-others", "own-with-ida"]),
        ("interactions", "meetings cancelled, 90 days", ["own-cancelled"]),
        ("contacts", "sponsors who left, 180 days", ["own-left"]),
        # Files without an identifier of their own are named by the account's.
        ("account_plans", "latest", ["Kestrel"]),
        ("usage", "activity of the last 84 days", ["Kestrel"]),
        ("subscriptions", "notice given", ["Kestrel-s"]),
        ("subscriptions", "running", ["Kestrel-s"]),
    ],
)
def test_records_are_those_known_on_the_night(book, file, selection, expected):
    assert names(file, selection) == expected


def test_records_can_be_asked_for_some_accounts_and_for_a_few(book):
    other = make_leaving_account("Orvanta", owner="bob@acme.example")
    organization = Organization.objects.get()
    ask = {"organization": organization, "night": NIGHT}
    assert len(find_records("subscriptions", "running", **ask)) == 2
    only = find_records("subscriptions", "running", **ask, accounts=[other.pk])
    assert [(r.account_id, r.source_id, r.row_id) for r in only] == [
        (other.pk, "Orvanta-s", Subscription.objects.get(account=other).pk)
    ]
    assert len(find_records("tickets", "open and past due", **ask, limit=1)) == 1
    with pytest.raises(KeyError):
        find_records("tickets", "of somebody’s choice", **ask)


def test_the_file_names_sources_and_adds_up(book):
    run_night(book.organization_id, NIGHT)
    out = io.StringIO()
    call_command("export_diagnoses", organization="acme", night=NIGHT, stdout=out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert tuple(rows[0]) == COLUMNS
    (row,) = rows
    assert (row["account_id"], row["night"], row["arr"], row["health"], row["lever"]) == (
        "Kestrel",
        NIGHT.isoformat(),
        "12000.00",
        "",
        "retain",
    )
    causes = json.loads(row["causes"])
    assert isinstance(causes["base"], int | float)
    cited = [record for given in causes["contributions"] for record in given["records"]]
    ours = {str(pk) for model in (Ticket, Invoice, Interaction) for pk in model.objects.values_list("pk", flat=True)}
    assert cited or not causes["contributions"]
    assert ours.isdisjoint(record["id"] for record in cited)
    potential = [given["points"] for given in causes["contributions"] if given["score"] == "potential"]
    assert causes["base_potential"] + sum(potential) == float(row["potential"])
    assert all(given["evidence"] and "**" not in given["evidence"] for given in causes["contributions"])


def test_the_file_has_no_points_of_a_health_that_it_withholds(book):
    """One account whose usage is not known, and one whose is: the same facts, of both what adds up to a score."""
    ensure_usage_months(NIGHT - timedelta(days=90), NIGHT)
    known = make_leaving_account("Orvanta", owner="bob@acme.example")
    make_facts(known, "known")
    product = Product.objects.get(source_id="core")
    Usage.objects.bulk_create(
        Usage(
            organization_id=book.organization_id, account=known, product=product, metric="events",
            day=NIGHT - timedelta(days=days), quantity=10,
        )
        for days in range(90)
    )  # fmt: skip
    run_night(book.organization_id, NIGHT)
    # There is something to leave out: an end of the scale too.
    stored = Diagnosis.objects.get(account=book)
    model = read_model(Night.objects.get().model_version)
    given = [c for c in read_contributions(model, stored.points, stored.values) if c.score == "health" and c.points]
    assert stored.health is None
    assert len(given) > 2
    ended = [*stored.points]
    ended[model.names.index("health_scale")] = 4.5
    Diagnosis.objects.filter(pk=stored.pk).update(points=ended)
    out = io.StringIO()
    call_command("export_diagnoses", organization="acme", night=NIGHT, stdout=out)
    rows = {row["account_id"]: row for row in csv.DictReader(io.StringIO(out.getvalue()))}
    assert (rows["Kestrel"]["health"], rows["Orvanta"]["health"] != "") == ("", True)
    for row in rows.values():
        causes = json.loads(row["causes"])
        for score, base in (("health", "base"), ("potential", "base_potential")):
            points = [each["points"] for each in causes["contributions"] if each["score"] == score]
            if row[score]:
                assert points
                assert causes[base] + sum(points) == float(row[score])
            else:
                assert points == []


def test_a_night_that_is_not_diagnosed_is_named(book):
    with pytest.raises(CommandError, match=f"{NIGHT} is not diagnosed"):
        call_command("export_diagnoses", organization="acme", night=NIGHT, stdout=io.StringIO())
    assert not Night.objects.exists()
