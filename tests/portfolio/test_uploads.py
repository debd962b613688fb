"""What is dropped: refused in words where it cannot be read, kept under no name but ours, gone once it has landed."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files import uploadedfile

from accounts.context import service_context
from portfolio import uploads as limits
from portfolio.models import Account, Import
from tests.portfolio.desk import BASE
from tests.portfolio.page import send

ACCOUNTS = BASE["accounts.csv"]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def packed(entries: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def claiming(archive: bytes, size: int) -> bytes:
    """A zip whose directory says that its one entry unpacks to `size` bytes."""
    at = archive.index(b"PK\x01\x02") + 24
    return archive[:at] + struct.pack("<I", size) + archive[at + 4 :]


def renamed(archive: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    return archive.replace(old, new)


@pytest.fixture
def kept(cast, worker):
    """The folder of acme's uploads."""
    return Path(settings.MEDIA_ROOT, "imports", str(cast.acme.pk))


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


BAD = {
    "no file at all": ({}, "No file was chosen."),
    "a picture": ({"logo.png": PNG}, "None of these files has a name of the contract."),
    "a slip in the name": ({"acounts.csv": ACCOUNTS}, "no file acounts.csv; perhaps it is accounts.csv."),
    "acts alone": ({"acts.csv": b"act_id\n1\n"}, "read only from an export"),
    "a picture with a good name": ({"accounts.csv": PNG}, None),
    "an empty file": ({"accounts.csv": b""}, None),
    "one endless line": ({"accounts.csv": b"x" * 3_000_000}, None),
    "a workbook": (
        {"accounts.xlsx": packed({"[Content_Types].xml": "", "xl/workbook.xml": ""})},
        "This is a workbook.",
    ),
    "a workbook under a good name": (
        {"accounts.csv": packed({"[Content_Types].xml": "", "xl/workbook.xml": ""})},
        "This is a workbook.",
    ),
    "a zip bomb": ({"all.zip": packed({"accounts.csv": b"0" * (80 * 2**20)})}, "times its size"),
    "a zip that claims four gigabytes": ({"all.zip": claiming(packed({"accounts.csv": ACCOUNTS}), 2**32 - 2)}, "times"),
    "a name outside the zip": ({"all.zip": packed({"../../accounts.csv": ACCOUNTS})}, "outside its own folder"),
    "an absolute name": ({"all.zip": packed({"/etc/accounts.csv": ACCOUNTS})}, "outside its own folder"),
    "a name that is no text": (
        {"all.zip": renamed(packed({"é-accounts.csv": ACCOUNTS}), "é-".encode(), b"\xff\xfe-")},
        "damaged",
    ),
    "half a zip": ({"all.zip": packed({"accounts.csv": ACCOUNTS})[:-30]}, "None of these files"),
}


@pytest.mark.parametrize(("files", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_named_and_nothing_is_kept(cast, alice, worker, kept, files, sentence):
    answer = send(alice, files)
    if sentence:
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert files_in(kept) == []
        assert worker.sent == []
    worker.work()
    with service_context(cast.acme.pk):
        assert Account.objects.count() == 0
    if not sentence:
        assert "Refused" in alice.get("/o/acme/import/").content.decode()


def test_a_bomb_in_a_gzip_is_given_up_and_the_other_files_land(cast, alice, worker, kept):
    bomb = gzip.compress(b"account_id,name\n" + b"A9,x\n" + b'A8,"' + b"0" * (80 * 2**20))
    send(alice, {"accounts.csv": ACCOUNTS, "contacts.csv.gz": bomb})
    worker.work()
    text = alice.get("/o/acme/import/").content.decode()
    assert "Refused" in text
    with service_context(cast.acme.pk):
        assert Account.objects.count() == 2


def test_no_path_is_made_of_a_name(cast, alice, worker, kept, monkeypatch):
    send(alice, {"../../../../accounts.csv": ACCOUNTS, "..\\..\\products.csv": BASE["products.csv"]})
    with service_context(cast.acme.pk):
        record = Import.objects.get()
    folder = kept / str(record.pk)
    assert files_in(Path(settings.MEDIA_ROOT)) == [folder / "000", folder / "001"]
    assert folder.stat().st_mode & 0o077 == 0
    worker.work()
    assert not folder.exists()


def test_uploads_of_a_stopped_import_stay_until_it_is_undone(cast, alice, worker, kept):
    send(alice, BASE)
    with service_context(cast.acme.pk):
        record = Import.objects.get()
    alice.post(f"/o/acme/import/{record.pk}/stop/")
    assert len(files_in(kept)) == 3
    alice.post(f"/o/acme/import/{record.pk}/undo/")
    worker.work()
    assert files_in(kept) == []


def test_a_file_beyond_the_limit_is_refused_while_it_arrives(alice, worker, kept, monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_FILE", 1_000)
    answer = send(alice, {"accounts.csv": ACCOUNTS, "usage.csv": b"x" * 200_000})
    assert answer.status_code == 413
    assert "usage.csv is larger than 1 GB." in answer.content.decode()
    assert files_in(kept) == []
    assert worker.sent == []


def test_a_request_that_announces_too_much_is_refused_before_it_is_read(alice, worker, kept, monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_REQUEST", 1_000)
    written = []
    monkeypatch.setattr(uploadedfile.TemporaryUploadedFile, "write", lambda self, data: written.append(data))
    answer = send(alice, {"accounts.csv": ACCOUNTS, "usage.csv": b"x" * 200_000})
    assert answer.status_code == 413
    assert "Import them in several steps." in answer.content.decode()
    assert (written, files_in(kept)) == ([], [])


@pytest.mark.parametrize("url", ["/accounts/login/", "/o/acme/import/start/"])
def test_nothing_is_written_for_who_is_not_signed_in(client, monkeypatch, cast, url):
    from django.core.files.uploadedfile import SimpleUploadedFile

    made = []
    monkeypatch.setattr(limits.TemporaryFileUploadHandler, "new_file", lambda self, *args: made.append(args))
    client.post(url, {"files": SimpleUploadedFile("accounts.csv", b"x" * 100_000)})
    assert made == []


def test_a_page_that_takes_no_files_writes_none(alice, monkeypatch):
    from django.core.files.uploadedfile import SimpleUploadedFile

    made = []
    monkeypatch.setattr(limits.TemporaryFileUploadHandler, "new_file", lambda self, *args: made.append(args))
    alice.post("/o/acme/export/start/", {"files": SimpleUploadedFile("accounts.csv", b"x" * 100_000)})
    assert made == []
