"""What is handed in for an import: folders, CSV files, .csv.gz, a zip; named and guarded before a row is read."""

import difflib
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from portfolio.contract import FILES, MANIFEST, SETTINGS

MOST_FILES = 200
# Deflate cannot go beyond 1,032 to 1; the most repetitive usage we have seen reaches 30.
LARGEST_RATIO = 300
RATIO_COUNTS_FROM = 64 * 2**20
LARGEST_UNPACKED = 64 * 2**30
REJECTED_FILE = "rejected_file"
GZIP = b"\x1f\x8b"
ENCRYPTED = 0x1


class Refused(ValueError):
    """A whole file that cannot be read; `code` and `details` make the sentence (portfolio.importing.notes)."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code, self.details = code, details


@dataclass(frozen=True, slots=True)
class Source:
    """One file to be read. `file` is its name in the contract, or a name that the contract does not have."""

    name: str
    path: Path
    zip_entry: str = ""
    file: str = ""
    ignored_because: str = ""
    close_to: str = ""
    refused: Refused | None = None

    @contextmanager
    def open(self) -> Iterator["Guarded"]:
        """The file's bytes, unpacked; raises Refused where they cannot be."""
        with ExitStack() as opened:
            raw: IO[bytes] = opened.enter_context(self.path.open("rb"))
            size = packed_size = self.path.stat().st_size
            if self.zip_entry:
                archive = opened.enter_context(zipfile.ZipFile(raw))
                info = archive.getinfo(self.zip_entry)
                if info.flag_bits & ENCRYPTED:
                    raise Refused("locked")
                try:
                    raw = opened.enter_context(archive.open(info))
                except (zipfile.BadZipFile, NotImplementedError) as error:
                    raise Refused("damaged") from error
                size, packed_size = info.file_size, info.compress_size
            packed = raw.peek(2)[:2] == GZIP  # type: ignore[attr-defined]  # both kinds of reader have it
            unpacked: Any = gzip.GzipFile(fileobj=raw) if packed else raw
            yield Guarded(unpacked, raw, size=size, packed_size=packed_size)


class Guarded(io.RawIOBase):
    """A stream that says how far it is, and stops what unpacks to far more than it is."""

    def __init__(self, stream: IO[bytes], measured: IO[bytes], *, size: int, packed_size: int) -> None:
        self._stream, self._measured, self._size = stream, measured, max(size, 1)
        self._packed_size = max(packed_size, 1)
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io's own signature is wider
        try:
            data = self._stream.read(len(buffer))
        except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise Refused("damaged") from error
        buffer[: len(data)] = data
        self._given += len(data)
        too_dense = self._given > RATIO_COUNTS_FROM and self._given > LARGEST_RATIO * self._packed_size
        if too_dense or self._given > LARGEST_UNPACKED:
            raise Refused("bomb")
        return len(data)

    def share(self) -> float:
        """How much of the file was read, 0 to 1."""
        return min(1.0, self._measured.tell() / self._size)


def find_sources(paths: list[Path], *, with_acts: bool = False) -> list[Source]:
    """Every file in the paths given (folders are not searched deeper), in the order in which they are to be read.

    `with_acts`: the files are the program's own sample, whose acts are read without an export's manifest.
    Raises Refused for a path that is not there and for too many files. A zip that is damaged, unsafe or too large is
    one source that says so.
    """
    found: list[Source] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
            found += [source for entry in inside for source in _in_path(entry, entry.name)]
        elif path.is_file():
            found += _in_path(path, path.name)
        else:
            raise Refused("missing", path=str(path))
    return arrange(found, with_acts=with_acts)


def arrange(sources: list[Source], *, with_acts: bool = False) -> list[Source]:
    """Sort sources so that what is referred to comes first; acts are read only beside an export's manifest, or where
    the sample brings its own."""
    if len(sources) > MOST_FILES:
        raise Refused("too_many_files", most=MOST_FILES)
    from_export = with_acts or any(source.file == MANIFEST for source in sources)
    order = {name: index for index, name in enumerate([MANIFEST, SETTINGS, *FILES])}
    chosen = [
        Source(source.name, source.path, source.zip_entry, "", "not_from_export")
        if source.file in FILES and FILES[source.file].only_from_export and not from_export
        else source
        for source in sources
    ]
    return sorted(chosen, key=lambda source: order.get(source.file, len(order)))


def name_upload(path: Path, name: str) -> list[Source]:
    """The sources in one upload that is kept under another name than it came with."""
    return _in_path(path, name)


def _in_path(path: Path, name: str) -> list[Source]:
    if not zipfile.is_zipfile(path):
        return _recognise(Source(name, path))
    try:
        return _in_zip(path, name)
    except Refused as refused:
        return [Source(name, path, refused=refused)]


def _in_zip(path: Path, name: str) -> list[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
    # A name that says it is UTF-8 and is not comes as UnicodeDecodeError, a made-up version as NotImplementedError.
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError) as error:
        raise Refused("damaged") from error
    if any(info.filename == "[Content_Types].xml" for info in entries):
        return [Source(name, path, "", "", "workbook")]
    if len(entries) > MOST_FILES:
        raise Refused("too_many_files", most=MOST_FILES)
    if sum(info.file_size for info in entries) > LARGEST_UNPACKED:
        raise Refused("bomb")
    sources: list[Source] = []
    for info in entries:
        parts = info.filename.replace("\\", "/").split("/")
        if info.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in info.orig_filename:
            raise Refused("unsafe_name", name=info.filename)
        if info.file_size > RATIO_COUNTS_FROM and info.file_size > LARGEST_RATIO * max(info.compress_size, 1):
            raise Refused("bomb")
        if parts[0] == "__MACOSX" or parts[-1].startswith("."):
            continue
        sources += _recognise(Source(parts[-1], path, info.filename))
    return sources


def _recognise(source: Source) -> list[Source]:
    """The source with its name in the contract; one per file named in it where it holds rejected rows."""
    low = source.name.lower()
    stem = low.removesuffix(".gz").removesuffix(".csv")
    if low in (MANIFEST, SETTINGS):
        return [Source(source.name, source.path, source.zip_entry, low)]
    if low.endswith((".csv", ".csv.gz")):
        if stem in FILES:
            return [Source(source.name, source.path, source.zip_entry, stem)]
        files = _files_with_rejected_rows(source)
        if files:
            return [Source(f"{source.name}: {file}.csv", source.path, source.zip_entry, file) for file in files]
    close = difflib.get_close_matches(stem, FILES, n=1, cutoff=0.75)
    return [Source(source.name, source.path, source.zip_entry, "", "not_in_contract", close[0] if close else "")]


def _files_with_rejected_rows(source: Source) -> list[str]:
    from portfolio.importing.reader import RowReader

    try:
        with source.open() as stream:
            reader = RowReader(stream)
            if REJECTED_FILE not in reader.header:
                return []
            place = reader.header.index(REJECTED_FILE)
            names = {row.cells[place] for row in reader if row.cells and len(row.cells) > place}
    except Refused:
        return []
    return [file for file in FILES if file in names]
