"""What is handed in, before a row is read: names, folders, zips that lie."""

import gzip
import struct
import zipfile

import pytest

from portfolio.importing import sources
from portfolio.importing.notes import NOTES, note, write_note
from portfolio.importing.sources import Refused, Source, find_sources

CSV = b"account_id,name\nA1,One\n"


def make_zip(path, entries, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data, **options)
    return path


def read(source: Source) -> bytes:
    with source.open() as stream:
        return stream.read()


def test_a_folder_is_read_in_the_order_of_what_refers_to_what(tmp_path):
    for name in (
        "usage.csv.gz",
        "Contacts.CSV",
        "accounts.csv",
        "outcomes.csv",
        "account.csv",
        "products.csv",
        ".hidden",
    ):
        (tmp_path / name).write_bytes(CSV)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "plans.csv").write_bytes(CSV)
    found = find_sources([tmp_path])
    assert [(source.name, source.file, source.ignored_because, source.close_to) for source in found] == [
        ("products.csv", "products", "", ""),
        ("accounts.csv", "accounts", "", ""),
        ("Contacts.CSV", "contacts", "", ""),
        ("usage.csv.gz", "usage", "", ""),
        ("account.csv", "", "not_in_contract", "accounts"),
        ("outcomes.csv", "", "not_in_contract", ""),
    ]


def test_a_gz_and_a_zip_give_the_same_bytes(tmp_path):
    (tmp_path / "accounts.csv.gz").write_bytes(gzip.compress(CSV))
    make_zip(tmp_path / "all.zip", {"export/accounts.csv": CSV, "export/": b"", "__MACOSX/accounts.csv": b"x"})
    found = find_sources([tmp_path / "accounts.csv.gz", tmp_path / "all.zip"])
    assert [(source.name, source.file, read(source)) for source in found] == [
        ("accounts.csv.gz", "accounts", CSV),
        ("accounts.csv", "accounts", CSV),
    ]


def test_a_gz_inside_a_zip_is_unpacked(tmp_path):
    make_zip(tmp_path / "all.zip", {"usage.csv.gz": gzip.compress(CSV)})
    assert read(find_sources([tmp_path / "all.zip"])[0]) == CSV


@pytest.mark.parametrize(
    "name", ["../accounts.csv", "/etc/accounts.csv", "a/../../accounts.csv", "..\\accounts.csv", "C:/x.csv"]
)
def test_a_zip_with_a_name_outside_its_folder_is_refused(tmp_path, name):
    make_zip(tmp_path / "all.zip", {"products.csv": CSV, name: CSV})
    (found,) = find_sources([tmp_path / "all.zip"])
    assert (found.file, found.refused.code) == ("", "unsafe_name")


def test_a_zip_that_announces_a_bomb_is_refused_unread(tmp_path):
    make_zip(tmp_path / "all.zip", {"usage.csv": b"0" * 80_000_000})
    (found,) = find_sources([tmp_path / "all.zip"])
    assert found.refused.code == "bomb"


def test_a_zip_that_lies_about_its_size_is_stopped_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "RATIO_COUNTS_FROM", 1_000_000)
    path = make_zip(tmp_path / "all.zip", {"usage.csv": b"0" * 3_000_000})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = raw.index(signature) + offset
        raw[place : place + 4] = struct.pack("<I", 900_000)
    path.write_bytes(raw)
    (found,) = find_sources([path])
    with pytest.raises(Refused) as refused:
        read(found)
    assert refused.value.code in ("damaged", "bomb")


def test_a_gz_bomb_is_stopped_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "RATIO_COUNTS_FROM", 1_000_000)
    packed = gzip.compress(b"0" * 5_000_000)
    (tmp_path / "usage.csv.gz").write_bytes(packed)
    (found,) = find_sources([tmp_path / "usage.csv.gz"])
    passed = []

    def read_on() -> None:
        with found.open() as stream:
            while part := stream.read(65_536):
                passed.append(len(part))

    with pytest.raises(Refused) as refused:
        read_on()
    assert refused.value.code == "bomb"
    assert sum(passed) <= sources.LARGEST_RATIO * len(packed)


def test_too_many_files_are_refused(tmp_path):
    make_zip(tmp_path / "all.zip", {f"file-{index}.csv": b"" for index in range(sources.MOST_FILES + 1)})
    assert find_sources([tmp_path / "all.zip"])[0].refused.code == "too_many_files"
    for index in range(sources.MOST_FILES + 1):
        (tmp_path / f"{index}.csv").write_bytes(CSV)
    with pytest.raises(Refused):
        find_sources([tmp_path])


def test_a_locked_or_damaged_file_is_refused_when_it_is_opened(tmp_path):
    path = make_zip(tmp_path / "all.zip", {"accounts.csv": CSV})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    path.write_bytes(raw)
    cut = tmp_path / "usage.csv.gz"
    cut.write_bytes(gzip.compress(CSV * 1000)[:-20])
    codes = []
    for source in find_sources([path, cut]):
        with pytest.raises(Refused) as refused:
            read(source)
        codes.append(refused.value.code)
    assert codes == ["locked", "damaged"]


def test_a_workbook_says_what_to_do(tmp_path):
    make_zip(tmp_path / "accounts.xlsx", {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})
    (found,) = find_sources([tmp_path / "accounts.xlsx"])
    assert found.ignored_because == "workbook"


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Refused) as refused:
        find_sources([tmp_path / "nothing.csv"])
    assert refused.value.code == "missing"


@pytest.mark.parametrize("code", NOTES)
def test_every_note_has_a_sentence(code):
    details = {
        "not_in_contract": {"close_to": "accounts"},
        "more_rejected": {"kept": 5},
        "unsafe_name": {"name": "../x"},
        "misnamed": {"name": "acounts.csv", "file": "accounts.csv"},
        "too_many_files": {"most": 200},
        "missing": {"path": "x"},
        "without": {"of": "products", "columns": ["need_phrases"]},
    }
    for listing in ("unknown_columns", "column_missing", "column_twice", "no_known_column"):
        details[listing] = {"columns": ["a", "b"]}
    sentence = write_note(note(code, **details.get(code, {})))
    assert sentence.endswith(".")
    assert "%(" not in sentence
