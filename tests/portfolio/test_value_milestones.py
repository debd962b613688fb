"""Value milestones defined in Phano: acts with their undo and audit, what imports leave, counts, the pages."""

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization, Role, Visibility
from accounts.tenancy import service_context
from portfolio.catalogue import CannotChange, CellsRefused, add_row, change_row, remove_row, undo_change
from portfolio.models import Account, CatalogueEdit, Milestone, Product, Subscription, ValueMilestone
from portfolio.queries.catalogue import read_catalogue
from portfolio.value_milestones import with_names
from tests.portfolio.desk import BASE

pytestmark = pytest.mark.django_db
URL = "/o/acme/catalogue/"
FILE = "value_milestones"


def inside(cast, who=None):
    return organization_context(organization_id=cast.acme.id, user_id=(who or cast.alice).id)


def member(cast, who=None):
    return Membership.objects.get(user=who or cast.alice)


def today():
    return timezone.now().date()


def define(cast, milestone="kick_off", name="Kick-off", days="30"):
    with inside(cast):
        cells = {"milestone": milestone, "name": name, "expected_days": days}
        return add_row(actor=member(cast), file=FILE, cells=cells)


def standing(cast) -> list[tuple[str, str, int | None]]:
    with inside(cast):
        found = ValueMilestone.objects.order_by("milestone")
        return list(found.values_list("milestone", "name", "expected_days"))


def test_defining_renaming_and_dating_are_acts_with_audit_and_undo(cast):
    row, added = define(cast)
    assert standing(cast) == [("kick_off", "Kick-off", 30)]
    with inside(cast):
        changed = change_row(
            actor=member(cast), file=FILE, row_id=row.pk, cells={"name": "First meeting", "expected_days": "14"}
        )
        assert (changed.action, changed.subject, changed.subject_id) == ("catalogue.changed", FILE, str(row.pk))
        assert changed.details == {
            "before": {"name": "Kick-off", "expected_days": "30"},
            "after": {"name": "First meeting", "expected_days": "14"},
        }
        assert AuditEntry.objects.filter(action="catalogue.added", subject=FILE).count() == 1
        # No source speaks of a name: nothing is kept for one.
        assert not CatalogueEdit.objects.exists()
    assert standing(cast) == [("kick_off", "First meeting", 14)]
    with inside(cast):
        undo_change(actor=member(cast), entry_id=changed.pk)
    assert standing(cast) == [("kick_off", "Kick-off", 30)]
    with inside(cast):
        removed = remove_row(actor=member(cast), file=FILE, row_id=row.pk)
        assert not ValueMilestone.objects.exists()
        undo_change(actor=member(cast), entry_id=removed.pk)
    assert standing(cast) == [("kick_off", "Kick-off", 30)]
    with inside(cast):
        undo_change(actor=member(cast), entry_id=added.pk)
        assert not ValueMilestone.objects.exists()
        with pytest.raises(CannotChange, match="changed since"):
            undo_change(actor=member(cast), entry_id=added.pk)


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"milestone": ""}, "milestone", "Empty, and every row needs it."),
        ({"milestone": "kick_off"}, "milestone", "The catalogue has this already."),
        ({"milestone": "live", "expected_days": "0"}, "expected_days", "within 1 to 730 days"),
        ({"milestone": "live", "expected_days": "731"}, "expected_days", "within 1 to 730 days"),
        ({"milestone": "live", "expected_days": "soon"}, "expected_days", "whole number"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(cast, cells, column, sentence):
    define(cast)
    with inside(cast):
        with pytest.raises(CellsRefused) as refused:
            add_row(actor=member(cast), file=FILE, cells=cells)
        assert sentence in refused.value.faults[column]
    assert standing(cast) == [("kick_off", "Kick-off", 30)]


MILESTONES = "account_id,milestone,reached_on\nA1,kick_off,2026-01-05\nA2,kick_off,2026-02-01\nA2,live,2026-03-01\n"


def test_imports_leave_names_and_days_and_an_export_carries_them(cast, desk, other_desk):
    desk.drop({**BASE, "milestones.csv": MILESTONES})
    define(cast)
    before = desk.export()
    record = desk.drop({"milestones.csv": MILESTONES.replace("2026-01-05", "2026-01-09")})
    assert standing(cast) == [("kick_off", "Kick-off", 30)]
    desk.take_back(record)
    assert standing(cast) == [("kick_off", "Kick-off", 30)]
    assert desk.export() == before
    assert json.loads(before["settings.json"])[FILE] == [
        {"expected_days": 30, "milestone": "kick_off", "name": "Kick-off"}
    ]
    other_desk.drop({name: content for name, content in before.items() if name != "manifest.json"})
    assert other_desk.export() == before


@pytest.mark.parametrize(
    "content",
    ["{}", "[1]", '[{"name": "x"}]', '[{"milestone": " "}]', '[{"milestone": "a"}, {"milestone": "a"}]',
     '[{"milestone": "a", "expected_days": 0}]', '[{"milestone": "a", "expected_days": true}]',
     '[{"milestone": "a", "expected_days": 99999}]', '[{"milestone": "a", "name": 3}]',
     '[{"milestone": "a\\u0000"}]'],
)  # fmt: skip
def test_definitions_that_are_none_are_refused(desk, content):
    record = desk.drop({"settings.json": f'{{"organization": {{}}, "{FILE}": {content}}}', **BASE})
    assert desk.states(record)["settings.json"][1] == ["This is no settings file of an export. Ignored."]
    with service_context(desk.organization.pk):
        assert not ValueMilestone.objects.exists()


@pytest.fixture
def book(cast):
    """Four accounts that pay since 100, 100, 20 and 900 days; the first was kicked off in time, the second late."""
    with inside(cast):
        product = Product.objects.create(source_id="main", name="Main", core=True)
        for number, since in enumerate((100, 100, 20, 900), start=1):
            account = Account.objects.create(source_id=f"a{number}", name=f"Account {number}", currency="EUR")
            Subscription.objects.create(
                source_id=f"s{number}",
                account=account,
                product=product,
                started_on=today() - timedelta(days=since),
                mrr=Decimal(1000 * number),
                currency="EUR",
            )
        for source_id, ago in (("a1", 90), ("a2", 40)):
            Milestone.objects.create(
                account=Account.objects.get(source_id=source_id),
                milestone="kick_off",
                reached_on=today() - timedelta(days=ago),
            )
    return cast


def lines(cast, *, with_amounts=True):
    with inside(cast):
        return read_catalogue(Organization.objects.get(), today(), with_amounts=with_amounts).milestones


def test_late_and_overdue_are_counted_from_the_first_paid_day(book):
    [seen] = lines(book)
    assert (seen.id, seen.shown, seen.expected_days, seen.reached, seen.median_days) == (None, "kick_off", None, 2, 35)
    define(book)
    define(book, milestone="live", name="", days="60")
    kick_off, live = lines(book)
    assert (kick_off.shown, kick_off.reached, kick_off.late, kick_off.overdue.accounts) == ("Kick-off", 2, 1, 0)
    # The third is too young, and the fourth is past its first year.
    assert (live.shown, live.reached, live.late) == ("live", 0, 0)
    assert (live.overdue.accounts, live.overdue.arr) == (2, 36_000.0)


def test_a_name_is_shown_where_the_milestone_is_told(book):
    define(book)
    with inside(book):
        named = with_names(Milestone.objects.all()).values_list("shown", flat=True)
        assert list(named) == ["Kick-off", "Kick-off"]
        ValueMilestone.objects.update(name="")
        assert list(with_names(Milestone.objects.all()).values_list("shown", flat=True)) == [None, None]


def main_of(answer) -> str:
    page = answer.content.decode()
    return page[page.index('id="main"') : page.index("</main>")]


def test_the_page_defines_what_files_brought_and_changes_it(book, client_for):
    client = client_for(book.alice)
    assert f"{URL}{FILE}/new/?milestone=kick_off" in main_of(client.get(URL))
    form = client.get(f"{URL}{FILE}/new/?milestone=kick_off").content.decode()
    assert re.search(r'<input[^>]* name="milestone"[^>]* value="kick_off"', form)
    sent = {"milestone": "kick_off", "name": "<b>Kick-off</b>", "expected_days": "30"}
    answer = client.post(f"{URL}{FILE}/new/", sent, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    page = answer.content.decode()
    assert "&lt;b&gt;Kick-off&lt;/b&gt;" in main_of(answer)
    assert "<b>Kick-off" not in page
    [undo_url] = set(re.findall(rf"{URL}undo/[0-9a-f-]+/", page))
    with inside(book):
        row = ValueMilestone.objects.get()
    client.post(f"{URL}{FILE}/{row.pk}/", {"name": "Start", "expected_days": "21", "shown:name": row.name})
    assert standing(book) == [("kick_off", "Start", 21)]
    client.post(undo_url)  # of its definition
    assert standing(book) == []
    bad = client.post(f"{URL}{FILE}/new/", {"milestone": "live", "expected_days": "x"})
    assert bad.status_code == 422
    assert "whole number" in bad.content.decode()


def test_readers_read_strangers_find_nothing_and_verbs_are_kept_apart(book, client_for):
    row, _entry = define(book)
    path = f"{URL}{FILE}/{row.pk}/"
    assert "Kick-off" in main_of(client_for(book.bob).get(URL))
    for address in (path, f"{URL}{FILE}/new/"):
        assert client_for(book.bob).get(address).status_code == 403
        assert client_for(book.bob).post(address, {"name": "Bob's"}).status_code == 403
        assert client_for(book.charlie).get(address).status_code == 404
        assert client_for(book.charlie).post(address, {"name": "x"}).status_code == 404
    assert client_for(book.alice).get(f"{path}remove/").status_code == 405
    assert client_for(book.alice).get(f"{URL}{FILE}/{book.acme.pk}/").status_code == 404
    with organization_context(organization_id=book.globex.id, user_id=book.charlie.id):
        assert not ValueMilestone.objects.exists()
    with inside(book):
        Organization.objects.update(visibility=Visibility.OWN)
    page = main_of(client_for(book.bob).get(URL))
    assert "Kick-off" in page
    assert "Overdue" not in page
    with inside(book):
        Membership.objects.filter(user=book.bob).update(role=Role.ADMIN)
        Organization.objects.update(trial_ends_at=timezone.now())
    assert client_for(book.bob).post(path, {"name": "x"}).status_code == 403


@pytest.mark.parametrize("rows", [1, 30])
def test_the_same_queries_with_one_and_with_thirty_milestones(book, client_for, rows):
    for number in range(rows):
        define(book, milestone=f"m{number}", name=f"M {number}")
    client = client_for(book.alice)
    client.get(URL)
    with CaptureQueriesContext(connection) as captured:
        client.get(URL)
    assert len(captured) == 16
