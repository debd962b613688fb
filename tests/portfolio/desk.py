"""A desk at which one organization imports files, reads what stands then, and takes imports back."""

import csv
import gzip
import io
import uuid
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from accounts.models import Organization
from accounts.tenancy import service_context
from portfolio.exporting import export_organization
from portfolio.importing import begin_import, claim_undo, find_sources, run_import, take_back
from portfolio.importing.notes import write_note
from portfolio.importing.reasons import explain
from portfolio.importing.rejects import read_cells
from portfolio.models import Import, ImportFile, RejectedRow
from portfolio.sample import write

BASE = {
    "products.csv": "product_id,name,core\ncrm,CRM,true\nflow,Flow,false\n",
    "plans.csv": "plan_id,product_id,name,rank\nteam,crm,Team,1\nscale,crm,Scale,2\n",
    "accounts.csv": "account_id,name\nA1,Halvorsen Rederi\nA2,Clearwell Utilities\n",
}


class Memory:
    """Export files by name."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    @contextmanager
    def open(self, name: str):
        out = io.BytesIO()
        yield out
        self.files[name] = out.getvalue()


@dataclass
class Desk:
    organization: Organization
    folder: Path
    drops: int = 0
    files: dict[str, str] = field(default_factory=dict)

    def put(self, files: dict[str, str | bytes]) -> Path:
        """Write files into a folder of their own."""
        self.drops += 1
        folder = self.folder / str(self.drops)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    def begin(self, files: dict[str, str | bytes] | Path, **options) -> tuple[Import, list]:
        sources = find_sources([files if isinstance(files, Path) else self.put(files)])
        with service_context(self.organization.pk):
            return begin_import(self.organization, sources, origin=Import.Origin.COMMAND, **options), sources

    def drop(self, files: dict[str, str | bytes] | Path, **options) -> Import:
        """Import files to their end."""
        begun, sources = self.begin(files, **options)
        run_import(self.organization.pk, begun.pk, sources=sources)
        return self.fresh(begun)

    def fresh(self, record: Import) -> Import:
        with service_context(self.organization.pk):
            return Import.objects.get(pk=record.pk)

    def counts(self, record: Import) -> dict[str, tuple[int, int, int, int, int]]:
        """{file name: (read, created, updated, unchanged, rejected)}"""
        with service_context(self.organization.pk):
            files = ImportFile.objects.filter(of_import=record).order_by("position")
            return {f.name: (f.rows_read, f.created, f.updated, f.unchanged, f.rejected) for f in files}

    def states(self, record: Import) -> dict[str, tuple[str, list[str]]]:
        """{file name: (state, its notes as sentences)}"""
        with service_context(self.organization.pk):
            files = ImportFile.objects.filter(of_import=record).order_by("position")
            return {file.name: (file.state, [write_note(note) for note in file.notes]) for file in files}

    def rejected(self, record: Import) -> list[tuple[str, int, str, str, str]]:
        """[(file, line, column, value, reason)]"""
        with service_context(self.organization.pk):
            rows = RejectedRow.objects.filter(file__of_import=record).select_related("file")
            return [
                (
                    row.file.name,
                    row.line,
                    row.column,
                    value := read_cells(row)[0],
                    explain(row.reason, file=row.file.file, column=row.column, value=value),
                )
                for row in rows.order_by("file__position", "line")
            ]

    def export(self) -> dict[str, bytes]:
        memory = Memory()
        export_organization(self.organization.pk, memory)
        return memory.files

    def facts(self, file: str, columns: Iterable[str] = ()) -> list[dict[str, str]]:
        """The rows of one file as an export writes them, only `columns`, or the cells that are not empty."""
        rows = csv.DictReader(io.StringIO(self.export()[f"{file}.csv"].decode(), newline=""))
        wanted = tuple(columns)
        return [{k: v for k, v in row.items() if (k in wanted if wanted else v)} for row in rows]

    def take_back(self, record: Import) -> None:
        with service_context(self.organization.pk):
            assert claim_undo(record.pk)
        take_back(self.organization.pk, record.pk, undone_by=uuid.uuid4())


def write_small_sample(folder: Path, today: date, *, usage_rows: int = 20_000) -> None:
    """The sample with the first of its usage: more of the same rows would show nothing more."""
    write(folder, today)
    (usage,) = folder.glob("usage.csv*")
    opened = gzip.open if usage.suffix == ".gz" else open
    with opened(usage, "rt", newline="") as file:
        rows = list(islice(file, usage_rows))
    usage.unlink()
    (folder / "usage.csv").write_text("".join(rows))
