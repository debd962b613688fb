"""Plan rates entered by hand: what is missing, entering, changing and removing, and what a later file does to them."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import AuditEntry, Organization
from portfolio.events import facts_arrived
from portfolio.ledger.reading import read_rates
from portfolio.models import Account, CatalogueEdit, PlanRate, Product, Subscription
from tests.portfolio.desk import BASE

pytestmark = pytest.mark.django_db

URL = "/o/acme/settings/rates/"
TODAY = timezone.now().date()
YEAR = TODAY.year
RATES = f"fiscal_year,currency,rate\n{YEAR},SEK,0.09\n"


def pay(name, currency, mrr, *, since=None, until=None, **fields):
    product, _ = Product.objects.get_or_create(source_id="core", defaults={"name": "Core"})
    account = Account.objects.create(source_id=name, name=name)
    Subscription.objects.create(
        source_id=f"{name}-s", account=account, product=product, mrr=Decimal(mrr), currency=currency,
        started_on=since or TODAY.replace(month=1, day=1), ended_on=until, term_months=12, **fields,
    )  # fmt: skip
    return account


@pytest.fixture
def book(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        cast.swedish = pay("swedish", "SEK", "1000")
        pay(
            "gone",
            "SEK",
            "400",
            since=TODAY.replace(year=YEAR - 1, month=3, day=1),
            until=TODAY.replace(year=YEAR - 1, month=10, day=24),
        )
        pay("british", "GBP", "50")
        pay("ours", "EUR", "70")
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        pay("foreign", "NOK", "999")
        cast.foreign = PlanRate.objects.create(fiscal_year=YEAR, currency="NOK", rate=Decimal("0.08"))
    return cast


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def rows_of(client):
    response = client.get(URL)
    assert response.status_code == 200
    table = response.content.decode().split("<tbody>")[1].split("</tbody>")[0]
    return [text_of(row) for row in re.findall(r"<tr.*?</tr>", table, re.S)]


def enter(client, rate, currency="SEK", year=YEAR, **more):
    return client.post(URL, {"fiscal_year": str(year), "currency": currency, "rate": rate}, **more)


def rates(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return {(r.fiscal_year, r.currency): r.rate for r in PlanRate.objects.all()}


def test_what_is_missing_stands_there_with_the_arr_that_waits_for_it(book, client_for):
    assert rows_of(client_for(book.alice)) == [
        f"{YEAR} GBP Save GBP, {YEAR} 1 £600 missing",
        f"{YEAR} SEK Save SEK, {YEAR} 1 SEK 12,000 missing",
        # Who paid in that year and left: there is no amount at its end, but a rate is missing.
        f"{YEAR - 1} SEK Save SEK, {YEAR - 1} 1 SEK 0 missing",
    ]
    assert "3 rates are missing" in client_for(book.alice).get(URL).content.decode()


def test_a_rate_is_entered_changed_and_used(book, client_for):
    client = client_for(book.alice)
    page = enter(client, "0,0885", follow=True).content.decode()
    assert f"SEK, fiscal year {YEAR}: the rate is 0.0885." in page
    assert f"{YEAR} SEK Save SEK, {YEAR} 1 SEK 12,000 entered" in rows_of(client)
    enter(client, "0.09", currency="sek")
    assert rates(book) == {(YEAR, "SEK"): Decimal("0.09")}
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        found = read_rates(Organization.objects.get())
        assert found.filter(found["currency"] == "SEK").rows() == [(YEAR, "SEK", Decimal("0.09"))]
        audited = AuditEntry.objects.filter(action="plan_rate.set").order_by("at").values_list("details", flat=True)
        assert [(row["currency"], row["before"], row["after"]) for row in audited] == [
            ("SEK", "", "0.0885"), ("SEK", "0.0885", "0.09"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("year", "currency", "rate"),
    [
        (YEAR, "SEK", "0"), (YEAR, "SEK", "-1"), (YEAR, "SEK", "x"), (YEAR, "SEK", "NaN"), (YEAR, "SEK", "1e40"),
        (YEAR, "SEK", "0.000000001"), (YEAR, "EUR", "1"), (YEAR, "kr", "1"), (YEAR, "S\0K", "1"), (26, "SEK", "1"),
        (YEAR, "SEK", "1E5"), (YEAR, "SEK", "1_000"), (YEAR, "SEK", "1 0"), (YEAR, "SEK", "1,000.5"),
        (YEAR, "SEK", "1,"), (YEAR, "SEK", ".5"), (YEAR, "SEK", "+1"), (YEAR, "SEK", "٠.٥"), (YEAR, "SEK", "1" * 30),
        (1800, "SEK", "1"), ("٢٠٢٦", "SEK", "1"),
    ],
)  # fmt: skip
def test_what_is_no_rate_is_refused_and_stays_in_the_form(book, client_for, year, currency, rate):
    response = enter(client_for(book.alice), rate, currency, year)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert rates(book) == {}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "1,169 can mean two rates. Write 1.169, with a dot, or 1169."),
        ("fr", "1,169 peut désigner deux taux. Écrivez 1.169, avec un point, ou 1169."),
    ],
)
def test_a_comma_before_three_digits_is_not_guessed(book, client_for, language, sentence):
    book.alice.language = language
    book.alice.save(update_fields=["language"])
    client = client_for(book.alice)
    response = enter(client, "1,169")
    assert response.status_code == 422
    page = response.content.decode()
    assert sentence in page
    assert 'value="1,169"' in page
    assert rates(book) == {}


@pytest.mark.parametrize(
    ("written", "rate"),
    [("1.169", "1.169"), ("1169", "1169"), ("0,089", "0.089"), ("1,1690", "1.169"), ("1234,567", "1234.567")],
)
def test_a_rate_is_read_with_a_dot_or_a_comma(book, client_for, written, rate):
    enter(client_for(book.alice), written)
    assert rates(book) == {(YEAR, "SEK"): Decimal(rate)}


def test_a_rate_entered_by_hand_is_removed_and_comes_back(book, client_for):
    client = client_for(book.alice)
    enter(client, "0.09")
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        rate_id = PlanRate.objects.get().pk
    client.post(f"{URL}{rate_id}/remove/")
    assert rates(book) == {}
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        entry = AuditEntry.objects.get(action="plan_rate.removed")
    client.post(f"{URL}{entry.pk}/undo/")
    assert rates(book) == {(YEAR, "SEK"): Decimal("0.09")}
    # What was taken back, or overtaken, is not taken back again.
    assert "nothing left to take back" in client.post(f"{URL}{entry.pk}/undo/", follow=True).content.decode()


def test_a_change_is_taken_back_while_it_stands(book, client_for):
    client = client_for(book.alice)
    enter(client, "0.09")
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        first = AuditEntry.objects.get(action="plan_rate.set")
    enter(client, "0.1")
    assert "nothing left to take back" in client.post(f"{URL}{first.pk}/undo/", follow=True).content.decode()
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        second = AuditEntry.objects.filter(action="plan_rate.set").latest("at")
    client.post(f"{URL}{second.pk}/undo/")
    assert rates(book) == {(YEAR, "SEK"): Decimal("0.09")}
    client.post(f"{URL}{first.pk}/undo/")
    assert rates(book) == {}


def test_a_changed_rate_stands_until_its_file_says_something_new(cast, desk, client_for):
    desk.drop({**BASE, "plan_rates.csv": RATES})
    client = client_for(cast.alice)
    enter(client, "0.0875")
    record = desk.drop({"plan_rates.csv": RATES})
    assert desk.counts(record)["plan_rates.csv"] == (1, 0, 0, 1, 0)
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.0875")}
    assert '"column": "rate"' in desk.export()["settings.json"].decode()
    desk.drop({"plan_rates.csv": RATES.replace("0.09", "0.1")})
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.1")}
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        assert not CatalogueEdit.objects.exists()
        imported = PlanRate.objects.get()
    refused = client.post(f"{URL}{imported.pk}/remove/", follow=True).content.decode()
    assert "it would come back with the next one" in refused
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.1")}


def test_a_file_is_the_first_source_of_a_rate_entered_by_hand(cast, desk, client_for):
    desk.drop(BASE)
    enter(client_for(cast.alice), "0.08")
    desk.drop({"plan_rates.csv": RATES})
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.09")}


def acts_of(cast):
    """The changes of rates that were recorded, first to last."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return list(AuditEntry.objects.filter(action="plan_rate.set").order_by("at"))


def noted(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return list(CatalogueEdit.objects.values_list("file", "key", "column", "source_cell"))


def test_a_rate_corrected_before_any_file_takes_the_first_word_of_its_source(cast, desk, client_for):
    desk.drop(BASE)
    client = client_for(cast.alice)
    enter(client, "0.09")
    enter(client, "0.0875")
    assert noted(cast) == []
    desk.drop({"plan_rates.csv": RATES})
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.09")}
    # Now it has a source: what is corrected after that stands, and it is not removed.
    enter(client, "0.0875")
    assert noted(cast) == [("plan_rates", f'["{YEAR}", "SEK"]', "rate", "0.09")]
    desk.drop({"plan_rates.csv": RATES})
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.0875")}
    assert rows_of(client)[0].endswith("import 2")
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        found = PlanRate.objects.get()
    refused = client.post(f"{URL}{found.pk}/remove/", follow=True).content.decode()
    assert "Import 2 brought this rate" in refused
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.0875")}


@pytest.mark.parametrize("by_hand_first", [True, False])
def test_the_undo_of_an_entry_leaves_the_row_of_a_source(cast, desk, client_for, by_hand_first):
    """Entered 0.08, a file's 0.09, 0.08 again: the value is that of the first act, the row is its source's."""
    desk.drop(BASE)
    client = client_for(cast.alice)
    enter(client, "0.08")
    if not by_hand_first:
        with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
            PlanRate.objects.all().delete()
    desk.drop({"plan_rates.csv": RATES})
    enter(client, "0.08")
    first, second = acts_of(cast)
    page = client.post(f"{URL}{first.pk}/undo/", follow=True).content.decode()
    assert "nothing left to take back" in page
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.08")}
    client.post(f"{URL}{second.pk}/undo/")
    assert rates(cast) == {(YEAR, "SEK"): Decimal("0.09")}
    assert noted(cast) == []


def test_the_note_of_an_import_that_is_undone_is_no_source_of_a_new_entry(cast, desk, client_for):
    desk.drop(BASE)
    client = client_for(cast.alice)
    brought = desk.drop({"plan_rates.csv": RATES})
    enter(client, "0.0875")
    desk.take_back(brought)
    assert rates(cast) == {}
    assert len(noted(cast)) == 1
    enter(client, "0.07")
    assert noted(cast) == []


@pytest.mark.parametrize("way", ["change", "remove", "undo"])
def test_a_note_that_no_source_gave_goes_with_the_next_act(cast, desk, client_for, way):
    """Such notes were kept of rates that were entered and corrected by hand."""
    client = client_for(cast.alice)
    enter(client, "0.0875")
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        key = {"file": "plan_rates", "key": f'["{YEAR}", "SEK"]', "column": "rate"}
        CatalogueEdit.objects.create(**key, source_cell="0.09", changed_at=timezone.now())
        rate_id = PlanRate.objects.get().pk
    if way == "change":
        enter(client, "0.07")
    else:
        client.post(f"{URL}{rate_id}/remove/" if way == "remove" else f"{URL}{acts_of(cast)[0].pk}/undo/")
    assert rates(cast) == ({(YEAR, "SEK"): Decimal("0.07")} if way == "change" else {})
    assert noted(cast) == []


def test_whom_a_rate_concerns_is_told(book, client_for, monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr("portfolio.events.facts_arrived", [lambda *what: told.append(what)])
    assert facts_arrived is not None
    with django_capture_on_commit_callbacks(execute=True):
        enter(client_for(book.alice), "0.09")
        enter(client_for(book.alice), "0.09", year=YEAR + 1)  # nothing of it has begun
    assert [(organization, len(accounts), days[0].year) for organization, accounts, days in told] == [
        (book.acme.id, 2, YEAR)
    ]


def test_only_those_who_may_change_the_organization_enter(book, client_for):
    assert client_for(book.bob).get(URL).status_code == 403
    assert enter(client_for(book.bob), "0.09").status_code == 403
    assert client_for(book.charlie).get(URL).status_code == 404
    assert rates(book) == {}
    client = client_for(book.alice)
    assert client.post(f"{URL}{book.foreign.pk}/remove/").status_code == 404
    assert client.get(f"{URL}{book.foreign.pk}/remove/").status_code == 405
    assert "NOK" not in client.get(URL).content.decode()


@pytest.mark.parametrize("rows", [1, 30])
def test_one_row_and_thirty_ask_the_same_number_of_queries(cast, client_for, rows):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for number in range(rows):
            currency = f"X{chr(65 + number // 26)}{chr(65 + number % 26)}"
            pay(f"a{number}", currency, "10")
            PlanRate.objects.create(fiscal_year=YEAR, currency=currency, rate=Decimal(1))
    client = client_for(cast.alice)
    client.get(URL)
    with CaptureQueriesContext(connection) as asked:
        client.get(URL)
    assert len(asked) == 9
