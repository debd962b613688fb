"""Exports nobody fetched and uploads nobody came back to do not stay on disk."""

import os
import uuid
from datetime import UTC, datetime, timedelta

from portfolio.exports import clear_old_files, path_of
from portfolio.importing.uploads import folder_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def make(path, age: timedelta) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    at = (NOW - age).timestamp()
    os.utime(path, (at, at))
    os.utime(path.parent, (at, at))


def test_an_export_stays_a_day_and_uploads_a_week(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    organization = uuid.uuid4()
    exports = [path_of(organization, uuid.uuid4()) for _number in range(2)]
    uploads = [folder_of(organization, uuid.uuid4()) / "000" for _number in range(2)]
    for path, hours in zip(exports, (23, 25), strict=True):
        make(path, timedelta(hours=hours))
    for path, days in zip(uploads, (6, 8), strict=True):
        make(path, timedelta(days=days))
    assert clear_old_files(NOW) == 2
    assert [path.exists() for path in (*exports, *uploads)] == [True, False, True, False]
    assert not uploads[1].parent.exists()
    assert clear_old_files(NOW) == 0


def test_without_any_file_nothing_is_done(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "none"
    assert clear_old_files(NOW) == 0
