"""Who may use the import page, whose imports it shows, what the trial's end leaves, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context, service_context
from accounts.models import Membership, Organization, Role
from portfolio.models import Import
from tests.portfolio.desk import BASE
from tests.portfolio.page import URL, download, only_import, send

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
