"""The import page: what it takes, shows and takes back, and what strangers, viewers and the trial's end get."""

import csv
import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context, service_context
from accounts.models import AuditEntry, Membership, Organization, Role
from portfolio.models import Account, Import, ImportFile
from portfolio.models.imports import SILENCE
from tests.portfolio.desk import BASE

URL = "/o/acme/import/"
SCRIPT = "<script>alert(1)</script>"
MIXED = {
    **BASE,
    "accounts.csv": f"account_id,name,twitter\nA1,{SCRIPT},@a\nA2,,\n",
    "subscriptions.csv": (
        "subscription_id,account_id,product_id,started_on,mrr,currency\n"
        f"S1,A1,crm,2025-01-01,100,EUR\nS2,A1,crm,31/10/2026,100,EUR\nS3,{SCRIPT},crm,2025-01-01,1,EUR\n"
    ),
}


def uploads(files: dict[str, str | bytes]) -> list[SimpleUploadedFile]:
    return [
        SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
        for name, content in files.items()
    ]


@pytest.fixture
def alice(cast, client_for):
    return client_for(cast.alice)


def send(client, files: dict[str, str | bytes], slug: str = "acme", **options):
    return client.post(f"/o/{slug}/import/start/", {"files": uploads(files), **options})


def read(cast, model=Import, **filters):
    with service_context(cast.acme.pk):
        return list(model.objects.filter(**filters))


def only_import(cast) -> Import:
    (record,) = read(cast)
    return record


def change_import(cast, **fields) -> None:
    with service_context(cast.acme.pk):
        Import.objects.update(**fields)


def text_of(client, url: str = URL, **query) -> str:
    """The page's words, without its tags."""
    html = client.get(url, query).content.decode().split('<main id="main"')[1]
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def download(client, url: str) -> str:
    """A file as it is saved."""
    answer = client.get(url)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_files_dropped_land_and_the_page_says_what_became_of_each(cast, alice, worker):
    answer = send(alice, MIXED)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{URL}?import=1")
    assert "Import 1 is about to begin" in text_of(alice)
    assert worker.work() == ["portfolio.run_import"]
    text = text_of(alice)
    assert "Import 1 has landed: 6 rows stand in Phano. 3 rows were rejected." in text
    assert "accounts.csv 2 1 0 0 1 Landed" in text
    assert "subscriptions.csv 3 1 0 0 2 Landed" in text
    assert "accounts.csv : The column twitter is not in the contract and was ignored." in text
    assert "subscriptions.csv : There are no columns term_months, renews_on: no contract has a decision date." in text
    assert "subscriptions.csv 3 started_on 31/10/2026 Not an ISO date. Write 2026-10-31." in text
    assert "accounts.csv 3 name empty Empty, and every row needs it." in text
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


ACTS = ("stop", "undo", "run")


def test_who_may_import_and_who_may_not(cast, client_for, worker):
    with organization_context(organization_id=cast.acme.pk, user_id=cast.alice.pk):
        Membership.objects.create(user=cast.eve, role=Role.VIEWER)
    send(client_for(cast.alice), BASE)
    record = only_import(cast).pk
    pages = [URL, f"{URL}progress/", f"{URL}{record}/rejects/", f"{URL}{record}/rejects/csv/"]
    posts = [
        f"{URL}start/",
        *(f"{URL}{record}/{act}/" for act in ACTS),
        "/o/acme/sample/load/",
        "/o/acme/sample/remove/",
    ]
    for person, status in ((cast.bob, 403), (cast.eve, 403), (cast.charlie, 404)):
        client = client_for(person)
        assert [client.get(url).status_code for url in pages] == [status] * len(pages)
        assert [client.post(url).status_code for url in posts] == [status] * len(posts)
    client = client_for(cast.alice)
    assert [client.get(url).status_code for url in posts] == [405] * len(posts)
    assert [client.post(url).status_code for url in pages] == [405] * len(pages)
    assert only_import(cast).state == "waiting"


def test_another_organizations_import_is_not_there(cast, client_for, worker):
    canary = {"accounts.csv": "account_id,name\nA1,Canary Islands\n,Canary Row\n"}
    send(client_for(cast.charlie), canary, slug="globex")
    worker.work()
    with service_context(cast.globex.pk):
        foreign = Import.objects.get().pk
    alice = client_for(cast.alice)
    send(alice, {"accounts.csv": "account_id,name\nA1,Ours\n,Ours too\n"})
    worker.work()
    assert [alice.post(f"{URL}{foreign}/{act}/").status_code for act in ACTS] == [404, 404, 404]
    assert [alice.get(f"{URL}{foreign}/{part}").status_code for part in ("rejects/", "rejects/csv/")] == [404, 404]
    own = only_import(cast).pk
    pages = [URL, f"{URL}progress/", f"{URL}{own}/rejects/"]
    seen = "".join(alice.get(url).content.decode() for url in pages)
    seen += download(alice, f"{URL}{own}/rejects/csv/")
    assert "Ours too" in seen
    assert "Canary" not in seen
    with service_context(cast.globex.pk):
        assert [(one.number, one.state) for one in Import.objects.all()] == [(1, "landed")]


def test_after_the_trial_the_page_shows_and_takes_nothing(cast, alice, worker):
    send(alice, BASE)
    worker.work()
    with organization_context(organization_id=cast.acme.pk, user_id=cast.alice.pk):
        Organization.objects.update(trial_ends_at=timezone.now() - timedelta(days=1))
    html = alice.get(URL).content.decode()
    assert "Import 1" in html
    assert "data-upload" not in html
    assert "/undo/" not in html
    refused = send(alice, BASE)
    assert refused.status_code == 403
    assert "The trial is over" in refused.content.decode()
    assert alice.post(f"{URL}{only_import(cast).pk}/undo/").status_code == 403
    assert download(alice, f"{URL}{only_import(cast).pk}/rejects/csv/").startswith("rejected_file,")


@pytest.mark.parametrize("imports", [1, 30])
def test_the_page_costs_the_same_with_one_import_and_with_many(cast, alice, worker, desk, imports):
    for number in range(imports):
        desk.drop({"accounts.csv": f"account_id,name\nA{number},Name\n,Nobody\n"}, created_by=cast.alice.pk)
    alice.get(URL)  # the organization switch reads its names once in five minutes
    with CaptureQueriesContext(connection) as queries:
        page = alice.get(URL)
    assert f"Import {imports}" in page.content.decode()
    # A test's own transaction turns BEGIN into a savepoint and has the context restored.
    asked = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"] and "'phano.context', ''" not in q["sql"]]
    assert len(asked) == 14, "\n".join(sql[:160] for sql in asked)
