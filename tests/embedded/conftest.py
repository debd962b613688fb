"""Data folders of the test's own, in an open folder: pytest's own is closed to the user that root's servers run as."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from phano import embedded
from phano.embedded.place import Place


@pytest.fixture
def open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="phano-test-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def place(open_folder) -> Iterator[Place]:
    """A durable data folder, its servers stopped at the end."""
    place = Place(open_folder / "data")
    yield place
    embedded.release(place)
    embedded.stop(place)


@pytest.fixture
def bare_environment(open_folder) -> dict[str, str]:
    """The environment of a command on a machine that names no server, with a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PHANO_", "DATABASE_", "PYTEST"))}
    kept.pop("REDIS_URL", None)
    kept.pop("DJANGO_SECRET_KEY", None)
    return kept | {"PHANO_DATA": str(open_folder / "data"), "DJANGO_SETTINGS_MODULE": "phano.settings"}
