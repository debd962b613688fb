"""Exports asked for on the page: made behind it, bound to one person and organization, fetched once in a day."""

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.context import organization_context, service_context
from accounts.models import AuditEntry, Membership, Organization, Role
from portfolio.models import Export

URL = "/o/acme/export/"


def ask(client, worker, slug: str = "acme") -> None:
    assert client.post(f"/o/{slug}/export/start/").status_code == 302
    assert worker.work() == ["portfolio.make_export"]


def download_url(client, url: str = URL) -> str:
    """The address behind the page's download button."""
    return re.search(r'action="(/o/\w+/export/[0-9a-f-]{36}/download/)"', client.get(url).content.decode()).group(1)


def unpack(answer) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    return {name: archive.read(name) for name in archive.namelist()}


def zips() -> list[Path]:
    return list(Path(settings.MEDIA_ROOT).rglob("*.zip"))


def test_an_export_is_made_fetched_once_and_written_to_the_trail(cast, alice, worker, base):
    assert "No export in the last 24 hours" in alice.get(URL).content.decode()
    alice.post(f"{URL}start/")
    making = alice.get(URL).content.decode()
    assert "Your export is being made" in making
    assert 'hx-trigger="every 2s"' in making
    worker.work()
    part = alice.get(URL, headers={"HX-Request": "true"})
    assert "Your export is ready" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert "hx-trigger" not in part.content.decode()
    address = download_url(alice)
    answer = alice.post(address)
    assert re.fullmatch(r'attachment; filename="phano-acme-\d{4}-\d\d-\d\d.zip"', answer.headers["Content-Disposition"])
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert unpack(answer) == base.export()
    assert "Your export was downloaded" in alice.get(URL).content.decode()
    assert zips() == []
    again = alice.post(address)
    assert again.status_code == 410
    assert "This export is gone" in again.content.decode()
    with service_context(cast.acme.pk):
        trail = AuditEntry.objects.filter(action__startswith="export.").order_by("at")
        told = list(trail.values_list("action", "actor_id", "subject_id"))
        export = Export.objects.get()
    assert told == [
        ("export.requested", cast.alice.pk, str(export.pk)),
        ("export.fetched", cast.alice.pk, str(export.pk)),
    ]


def test_a_second_request_waits_for_the_first(alice, worker):
    for _click in range(2):
        alice.post(f"{URL}start/")
    assert len(worker.sent) == 1


def test_one_persons_export_is_nobody_elses(cast, alice, client_for, worker, base):
    with organization_context(organization_id=cast.acme.pk, user_id=cast.alice.pk):
        Membership.objects.create(user=cast.eve, role=Role.ADMIN)
        Membership.objects.create(user=cast.charlie, role=Role.OWNER)
    ask(alice, worker)
    address = download_url(alice)
    missing = address.replace(address.split("/")[4], "00000000-0000-0000-0000-000000000000")
    eve, charlie = client_for(cast.eve), client_for(cast.charlie)
    assert address.split("/")[4] not in eve.get(URL).content.decode()
    assert "No export in the last 24 hours" in eve.get(URL).content.decode()
    # An admin of the same organization, an owner of both by either address, and one who is signed out.
    assert [client.post(address).status_code for client in (eve, charlie)] == [404, 404]
    assert charlie.post(address.replace("/acme/", "/globex/")).status_code == 404
    assert alice.post(address.replace("/acme/", "/globex/")).status_code == 404
    assert alice.post(missing).status_code == 404
    assert alice.get(address).status_code == 405
    assert unpack(alice.post(address)) == base.export()


@pytest.mark.parametrize("name", ["../../acme.zip", "..%2f..%2facme.zip", "%2e%2e/%2e%2e/etc/passwd", "a.zip"])
def test_no_path_leads_to_a_file(alice, worker, base, name):
    ask(alice, worker)
    assert alice.post(f"{URL}{name}/download/").status_code == 404
    assert alice.get(f"/files/exports/{name}").status_code == 404


def test_a_day_later_it_is_gone(cast, alice, worker, base):
    ask(alice, worker)
    address = download_url(alice)
    with service_context(cast.acme.pk):
        Export.objects.update(
            ready_at=timezone.now() - timedelta(hours=25), requested_at=timezone.now() - timedelta(hours=25)
        )
    assert "No export in the last 24 hours" in alice.get(URL).content.decode()
    assert alice.post(address).status_code == 410


def test_an_export_holds_no_other_organization(cast, alice, client_for, worker, base, other_desk):
    other_desk.drop({"accounts.csv": "account_id,name\nA1,Canary Islands\n"})
    ask(alice, worker)
    files = unpack(alice.post(download_url(alice)))
    assert b"Halvorsen" in files["accounts.csv"]
    assert [name for name, content in files.items() if b"Canary" in content or b"globex" in content.lower()] == []


def test_one_that_fails_says_so_and_can_be_made_again(alice, worker, base, monkeypatch):
    alice.post(f"{URL}start/")
    with monkeypatch.context() as broken:
        broken.setattr("portfolio.exports.export_organization", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            worker.work()
    assert "Your export failed" in alice.get(URL).content.decode()
    assert zips() == []
    ask(alice, worker)
    assert "Your export is ready" in alice.get(URL).content.decode()


def test_who_may_export_and_that_the_trials_end_forbids_it_to_nobody(cast, alice, client_for, worker, base):
    with organization_context(organization_id=cast.acme.pk, user_id=cast.alice.pk):
        Membership.objects.create(user=cast.eve, role=Role.DPO)
        Organization.objects.update(trial_ends_at=timezone.now() - timedelta(days=1))
    officer = client_for(cast.eve)
    ask(officer, worker)
    assert set(unpack(officer.post(download_url(officer)))) == set(base.export())
    assert [client_for(cast.bob).get(URL).status_code, client_for(cast.bob).post(f"{URL}start/").status_code] == [
        403
    ] * 2
    assert [
        client_for(cast.charlie).get(URL).status_code,
        client_for(cast.charlie).post(f"{URL}start/").status_code,
    ] == [
        404,
        404,
    ]


def test_the_contract_is_shown_as_it_is_read_and_gives_empty_files(cast, client_for):
    from portfolio.contract import FILES

    bob = client_for(cast.bob)
    page = bob.get("/o/acme/contract/").content.decode()
    for file in FILES.values():
        assert f'id="{file.name}-h"' in page
        assert all(column.name in page for column in file.columns)
        given = bob.get(f"/o/acme/contract/{file.name}.csv").content.decode()
        assert given.strip().split(",") == list(file.names)
    assert bob.get("/o/acme/contract/passwords.csv").status_code == 404
    assert client_for(cast.charlie).get("/o/acme/contract/").status_code == 404
