"""The import page: what it takes, what it shows of it, and how it is taken back."""

import csv
import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.context import service_context
from accounts.models import AuditEntry
from portfolio.models import Account, ImportFile
from portfolio.models.imports import SILENCE
from tests.portfolio.desk import BASE
from tests.portfolio.page import URL, change_import, download, only_import, read, send, text_of

SCRIPT = "<script>alert(1)</script>"
MIXED = {
    **BASE,
    "accounts.csv": f"account_id,name,twitter\nA1,{SCRIPT},@a\nA2,,\n",
    "subscriptions.csv": (
        "subscription_id,account_id,product_id,started_on,mrr,currency\n"
        f"S1,A1,crm,2025-01-01,100,EUR\nS2,A1,crm,31/10/2026,100,EUR\nS3,{SCRIPT},crm,2025-01-01,1,EUR\n"
    ),
}


def test_files_dropped_land_and_the_page_says_what_became_of_each(cast, alice, worker):
    answer = send(alice, MIXED)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{URL}?import=1")
    assert "Import 1 is about to begin" in text_of(alice)
    assert worker.work() == ["portfolio.run_import"]
    text = text_of(alice)
    assert "Import 1 has landed: 6 rows stand in Phano. 3 rows were rejected." in text
    assert "accounts.csv 1 created, 0 updated 2 1 0 0 1 Landed" in text
    assert "subscriptions.csv 1 created, 0 updated 3 1 0 0 2 Landed" in text
    assert "accounts.csv : The column twitter is not in the contract and was ignored." in text
    assert "subscriptions.csv : There are no columns term_months, renews_on: no contract has a decision date." in text
    assert (
        "subscriptions.csv line 3 3 started_on 31/10/2026 started_on 31/10/2026 Not an ISO date. Write 2026-10-31."
        in text
    )
    assert "accounts.csv line 3 3 name empty name Empty, and every row needs it." in text
    assert "Invoices no file Without invoices the billing signals stay silent" in text
    assert "Contracts and ARR 1 period" in text
    with service_context(cast.acme.pk):
        assert list(Account.objects.values_list("source_id", "name")) == [("A1", SCRIPT)]


def test_the_end_is_told_once(alice, worker):
    send(alice, BASE)
    worker.work()
    sentence = "Import 1 has landed: 6 rows."
    assert [sentence in alice.get(URL).content.decode() for _look in range(2)] == [True, False]


def test_one_zip_lands_like_its_files(cast, alice, worker):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in BASE.items():
            archive.writestr(f"export/{name}", content)
    send(alice, {"everything.zip": packed.getvalue()})
    worker.work()
    assert {file.name: file.created for file in read(cast, ImportFile)} == {
        "products.csv": 2,
        "plans.csv": 2,
        "accounts.csv": 2,
    }


def test_last_paid_days_are_moved_to_the_first_unpaid_one(cast, alice, worker):
    from portfolio.models import Subscription

    subscription = "subscription_id,account_id,product_id,started_on,ended_on,mrr,currency\n"
    send(
        alice,
        BASE | {"subscriptions.csv": f"{subscription}S1,A1,crm,2025-01-01,2025-12-31,1,EUR\n"},
        last_paid_days="on",
    )
    worker.work()
    with service_context(cast.acme.pk):
        assert Subscription.objects.get().ended_on.isoformat() == "2026-01-01"
    assert "end dates are last paid days" in text_of(alice)


def test_a_script_in_a_name_or_a_cell_is_shown_as_text(alice, worker):
    send(alice, MIXED | {f"{SCRIPT.replace('/', '')}.csv": "a,b\n1,2\n"})
    worker.work()
    rejects = f"{URL}{'{}'}/rejects/"
    record = re.search(r"/import/([0-9a-f-]{36})/rejects/", alice.get(URL).content.decode()).group(1)
    for url in (URL, rejects.format(record)):
        html = alice.get(url).content.decode()
        assert "alert(1)" in html
        assert "<script>alert" not in html


def test_the_rejected_rows_come_as_a_file_that_runs_no_formula_and_can_be_dropped_again(cast, alice, worker):
    formula = '=HYPERLINK("http://evil")'
    contacts = (
        f'contact_id,account_id,name,role\nC1,A1,"{formula.replace(chr(34), chr(34) * 2)}",buyer\nC2,A1,\'t Hart,boss\n'
    )
    send(alice, BASE | {"contacts.csv": contacts})
    worker.work()
    content = download(alice, f"{URL}{only_import(cast).pk}/rejects/csv/")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [(row["rejected_file"], row["rejected_line"], row["rejected_column"]) for row in rows] == [
        ("contacts", "2", "role"),
        ("contacts", "3", "role"),
    ]
    assert [row["name"] for row in rows] == [f"'{formula}", "''t Hart"]
    cells = [cell for row in csv.reader(io.StringIO(content)) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []

    send(alice, {"mended.csv": content.replace("buyer", "champion").replace("boss", "user")})
    worker.work()
    with service_context(cast.acme.pk):
        from portfolio.models import Contact

        assert sorted(Contact.objects.values_list("source_id", "role")) == [("C1", "champion"), ("C2", "user")]
        assert {contact.name for contact in Contact.objects.all()} == {formula, "'t Hart"}


def test_many_rejected_rows_are_listed_page_by_page(cast, alice, worker):
    send(alice, {"accounts.csv": "account_id,name\nA0,Good\n" + "".join(f"A{n},\n" for n in range(1, 121))})
    worker.work()
    assert "5 of 120" in text_of(alice)
    address = f"{URL}{only_import(cast).pk}/rejects/"
    assert [text_of(alice, address, page=page).count("Empty, and every row needs it.") for page in (1, 3, 99)] == [
        50,
        20,
        20,
    ]


def test_undo_takes_the_whole_import_back(cast, alice, worker):
    send(alice, BASE)
    worker.work()
    alice.get(URL)
    alice.post(f"{URL}{only_import(cast).pk}/undo/")
    assert "Import 1 is being taken back" in text_of(alice)
    assert worker.work() == ["portfolio.undo_import"]
    assert "Import 1 is undone: what it created is gone" in alice.get(URL).content.decode()
    assert read(cast, Account) == []
    assert (only_import(cast).state, only_import(cast).undone_by) == ("undone", cast.alice.pk)
    with service_context(cast.acme.pk):
        actions = list(AuditEntry.objects.order_by("at").values_list("action", flat=True))[-4:]
    assert actions == ["import.begun", "import.landed", "import.undo_asked", "import.undone"]
    # To have it back, the same files again.
    send(alice, BASE)
    worker.work()
    assert len(read(cast, Account)) == 2


def test_an_undo_that_would_lose_later_facts_is_refused_in_words(cast, alice, worker):
    send(alice, BASE)
    send(alice, {"contacts.csv": "contact_id,account_id,name\nC1,A1,Ingrid\n"})
    worker.work()
    first = read(cast, number=1)[0]
    page = alice.post(f"{URL}{first.pk}/undo/", follow=True).content.decode()
    assert "Import 2 has contacts.csv on what import 1 created. Undo import 2 first." in page
    assert worker.sent == []
    assert [one.state for one in read(cast)] == ["landed", "landed"]


def test_an_undo_that_could_not_be_done_is_told_as_such(cast, alice, worker, monkeypatch):
    send(alice, BASE)
    worker.work()
    alice.get(URL)
    alice.post(f"{URL}{only_import(cast).pk}/undo/")
    monkeypatch.setattr("portfolio.importing.undo_import", lambda *args, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        worker.work()
    assert "Import 1 was not undone; nothing changed." in alice.get(URL).content.decode()
    assert len(read(cast, Account)) == 2


def test_a_second_import_waits_for_the_first(cast, alice, worker):
    send(alice, BASE)
    change_import(cast, state="running", started_at=timezone.now(), heartbeat_at=timezone.now())
    send(alice, BASE)
    assert "Import 2 waits for import 1 to end." in text_of(alice, URL, **{"import": 2})
    assert "Import 1 is running" in text_of(alice)


def test_an_import_can_be_stopped_and_run_again(cast, alice, worker):
    send(alice, BASE)
    record = only_import(cast)
    alice.post(f"{URL}{record.pk}/stop/")
    worker.work()
    assert read(cast, Account) == []
    text = text_of(alice)
    assert "Import 1 is stopped." in text
    assert "Run again" in text
    alice.post(f"{URL}{record.pk}/run/")
    worker.work()
    assert only_import(cast).state == "landed"
    assert len(read(cast, Account)) == 2
    page = alice.post(f"{URL}{record.pk}/stop/", follow=True).content.decode()
    assert "This import has ended already." in page


@pytest.mark.parametrize(("way_out", "accounts", "state"), [("run", 2, "landed"), ("undo", 0, "undone")])
def test_an_import_whose_worker_died_is_marked_and_has_two_ways_out(cast, alice, worker, way_out, accounts, state):
    send(alice, BASE)
    worker.sent.clear()
    change_import(cast, state="running", started_at=timezone.now(), heartbeat_at=timezone.now() - 2 * SILENCE)
    text = text_of(alice)
    assert "Import 1 is interrupted: its worker is gone." in text
    assert "Interrupted Run again Import 1 Undo Import 1" in text
    alice.post(f"{URL}{only_import(cast).pk}/{way_out}/")
    worker.work()
    assert only_import(cast).state == state
    assert len(read(cast, Account)) == accounts


def test_an_import_that_the_queue_lost_runs_before_a_later_one(cast, alice, worker):
    send(alice, BASE)
    worker.sent.clear()
    send(alice, {"accounts.csv": "account_id,name\nA1,Renamed\n"})
    worker.work()
    assert sorted((one.number, one.state) for one in read(cast)) == [(1, "landed"), (2, "landed")]
    with service_context(cast.acme.pk):
        assert Account.objects.get(source_id="A1").name == "Renamed"


def test_an_import_does_not_run_again_behind_a_later_one(cast, alice, worker):
    send(alice, BASE)
    alice.post(f"{URL}{only_import(cast).pk}/stop/")
    send(alice, BASE)
    worker.work()
    first = read(cast, number=1)[0]
    assert "Run again" not in text_of(alice, URL, **{"import": 1})
    page = alice.post(f"{URL}{first.pk}/run/", follow=True).content.decode()
    assert "A later import has begun since." in page
    assert worker.sent == []


def test_a_waiting_import_that_no_worker_took_says_so(cast, alice, worker):
    send(alice, BASE)
    change_import(cast, created_at=timezone.now() - timedelta(minutes=10))
    text = text_of(alice)
    assert "no worker has taken it" in text
    assert "Run again" in text


@pytest.mark.parametrize("form", ["files", "zip"])
def test_a_running_import_says_how_long_it_still_needs(cast, alice, worker, form):
    usage = "account_id,metric,day,quantity\n" + "".join(f"A1,logins,2026-01-01,{n}\n" for n in range(2_000))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("usage.csv", usage)
    send(alice, {"usage.csv": usage} if form == "files" else {"all.zip": packed.getvalue()})
    change_import(cast, state="running", started_at=timezone.now() - timedelta(minutes=2), heartbeat_at=timezone.now())
    with service_context(cast.acme.pk):
        ImportFile.objects.update(state="reading", share=0.02)
        assert "more." not in text_of(alice)
        ImportFile.objects.update(state="reading", share=0.2)
    assert "It needs about 8 minutes more." in text_of(alice)
    with service_context(cast.acme.pk):
        ImportFile.objects.update(share=0.99)
    assert "It needs less than a minute more." in text_of(alice)


def test_the_page_asks_again_only_while_something_happens(alice, worker):
    part = {"HX-Request": "true"}
    send(alice, BASE)
    assert 'hx-trigger="load delay:500ms, every 2s"' in alice.get(URL).content.decode()
    running = alice.get(f"{URL}progress/", headers=part).content.decode()
    assert 'hx-trigger="every 2s"' in running
    assert "<html" not in running
    worker.work()
    ended = alice.get(f"{URL}progress/", headers=part)
    assert "hx-trigger" not in ended.content.decode()
    assert "Import 1 has landed" in ended.headers["HX-Trigger"]
    assert alice.get(f"{URL}progress/", headers=part).headers.get("HX-Trigger") is None


@pytest.mark.parametrize(("number", "status"), [("1", 200), ("2", 404), ("x", 400), ("-1", 400), ("9" * 30, 400)])
def test_the_url_names_the_import_that_is_shown(alice, worker, number, status):
    send(alice, BASE)
    assert alice.get(URL, {"import": number}).status_code == status
