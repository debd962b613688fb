"""Out and in again: the same facts, the same bytes; and every value as it stood."""

import csv
import hashlib
import io
import json
from datetime import UTC, date, datetime

import pytest

from accounts.tenancy import service_context
from portfolio.contract import FILES
from portfolio.exporting import Folder, export_organization, write_rows
from portfolio.models import Account, Act, Import
from tests.portfolio.desk import BASE, write_small_sample

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_small_sample(folder, date(2026, 11, 20))
    return folder


def files_of(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_export_in_an_empty_organization_gives_the_same_files(desk, other_desk, sample, tmp_path):
    """The whole sample, to the byte, manifest and settings included."""
    assert desk.drop(sample).state == Import.State.LANDED
    with service_context(desk.organization.pk):
        account = Account.objects.order_by("source_id").first()
        note = 'Said:\r\n"call me", =1+1\rthen\n'
        Act.objects.create(
            account=account, source_id="act-1", kind="called", at=datetime(2026, 11, 20, 9, tzinfo=UTC), note=note
        )
        desk.organization.defense_arr, desk.organization.fiscal_year_first_month = 25_000, 4
        desk.organization.save()
    first, second = tmp_path / "first", tmp_path / "second"
    export_organization(desk.organization.pk, Folder(first))
    record = other_desk.drop(first)
    assert other_desk.rejected(record) == []
    export_organization(other_desk.organization.pk, Folder(second))
    assert set(files_of(first)) == {*(f"{name}.csv" for name in FILES), "settings.json", "manifest.json"}
    assert files_of(second) == files_of(first)
    assert all(len(content.splitlines()) > 1 for content in files_of(first).values())


def test_what_came_in_is_what_goes_out(desk, sample):
    """Row by row against the sample's own files, not only against our second export."""
    desk.drop(sample)
    exported = desk.export()
    for name, file in FILES.items():
        path = sample / f"{name}.csv"
        if not path.exists():
            continue
        with path.open(newline="", encoding="utf-8") as stream:
            given = list(csv.DictReader(stream))
        out = list(csv.DictReader(io.StringIO(exported[f"{name}.csv"].decode(), newline="")))
        if file.only_from_export:
            # Dropped like anybody's files: what members did is read only from an export.
            assert (len(given) > 0, out) == (True, []), name
            continue
        wanted = sorted(tuple(row.get(column, "") or "" for column in file.names) for row in given)
        assert [normal(row) for row in sorted(tuple(row.values()) for row in out)] == [normal(row) for row in wanted]


def normal(row: tuple[str, ...]) -> tuple[object, ...]:
    """Numbers and instants by value: 200.00 is 200, 10:00+01:00 is 09:00Z."""
    values: list[object] = []
    for cell in row:
        try:
            values.append(float(cell))
        except ValueError:
            is_instant = len(cell) > 15 and cell[10:11] == "T" and cell[:4].isdigit()
            values.append(datetime.fromisoformat(cell).astimezone(UTC) if is_instant else cell)
    return tuple(values)


def test_the_manifest_says_rows_and_sums(base):
    files = base.export()
    manifest = json.loads(files["manifest.json"])
    assert manifest["contract"] == 1
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(content).hexdigest()}
        | ({"rows": len(content.splitlines()) - 1} if name.endswith(".csv") else {})
        for name, content in files.items()
        if name != "manifest.json"
    }


def test_values_are_written_as_they_are_and_in_one_spelling(base):
    base.drop(
        {
            "contacts.csv": "contact_id,account_id,name,phone\nC1,A1,=HYPERLINK(1),+47 22\nC2,A1,-x,@y\n",
            "invoices.csv": (
                "invoice_id,account_id,issued_on,amount\nI1,A1,2026-01-01,-23000.50\nI2,A1,2026-01-01,0.00\n"
            ),
            "usage.csv": (
                "account_id,metric,day,quantity\nA1,m,2026-01-01,9007199254740993\nA1,m,2026-01-02,0.1\n"
                "A1,m,2026-01-03,1e-7\nA1,m,2026-01-04,-0\nA1,m,2026-01-05,1e300\n"
            ),
        }
    )
    assert base.export()["contacts.csv"].decode().splitlines()[1:] == [
        "C1,A1,=HYPERLINK(1),,+47 22,,,,,,",
        "C2,A1,-x,,@y,,,,,,",
    ]
    assert [row["amount"] for row in base.facts("invoices")] == ["-23000.5", "0"]
    assert [row["quantity"] for row in base.facts("usage")] == ["9.007199254740992e+15", "0.1", "1e-07", "0", "1e+300"]


def test_rows_stand_in_the_order_of_their_keys(base):
    base.drop({"accounts.csv": "account_id,name\nb,x\nB,x\né,x\nA10,x\n"})
    assert [row["account_id"] for row in base.facts("accounts")] == ["A1", "A10", "A2", "B", "b", "é"]


@pytest.mark.parametrize("cell", ["a\rb", "a\r\nb", 'say "hi"', "a,b", " a ", "\n", "'x"])
def test_a_cell_comes_back_from_a_csv_reader(cell):
    out = io.BytesIO()
    assert write_rows(out, ["a", "b"], iter([["x", cell]])) == 1
    assert list(csv.reader(io.StringIO(out.getvalue().decode(), newline=""))) == [["a", "b"], ["x", cell]]


def test_nothing_of_another_organization_is_exported(base, other_desk):
    other_desk.drop({**BASE, "accounts.csv": "account_id,name\nSECRET-1,Canary of globex\n"})
    assert b"anary" not in b"".join(base.export().values())
    assert b"SECRET-1" in other_desk.export()["accounts.csv"]


def test_a_file_appears_only_when_it_is_whole(base, tmp_path, monkeypatch):
    def fail(*_arguments):
        raise OSError("no space left")

    monkeypatch.setattr("portfolio.exporting.write_settings", fail)
    with pytest.raises(OSError):
        export_organization(base.organization.pk, Folder(tmp_path / "out"))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{name}.csv" for name in FILES}


@pytest.mark.django_db(transaction=True)
def test_an_export_shows_one_moment(base):
    """An import that lands while an export is written is in none of its files, or in all."""
    from threading import Thread

    from django.db import connection

    class Slow(Folder):
        def open(self, name):
            if name == "contacts.csv":
                thread = Thread(target=land)
                thread.start()
                thread.join()
            return super().open(name)

    def land() -> None:
        try:
            base.drop({"accounts.csv": "account_id,name\nA7,New\n", "contacts.csv": "contact_id,account_id\nC7,A7\n"})
        finally:
            connection.close()

    folder = base.folder / "out"
    export_organization(base.organization.pk, Slow(folder))
    assert b"A7" not in (folder / "accounts.csv").read_bytes()
    assert b"C7" not in (folder / "contacts.csv").read_bytes()
    assert base.facts("contacts") == [{"contact_id": "C7", "account_id": "A7"}]
