"""PostgreSQL and Valkey that come with Phano, for a machine that has neither.

They serve where DATABASE_URL and REDIS_URL are unset. Everything is kept in the data folder (`.phano/`, or
PHANO_DATA): databases, passwords, keys, logs. Whoever needs the servers holds them with `ensure_running()`; the last
holder to end stops them, so that a single command and a running site can share them in any order.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from phano.embedded.place import (
    EmbeddedError,
    Place,
    find_place,
    let_pass,
    make_folder,
    open_own,
    read_or_make,
    server_user,
)

__all__ = [
    "EmbeddedError",
    "data_folder",
    "ensure_running",
    "master_key_file",
    "missing_servers",
    "release",
    "secret",
    "serving",
    "stop",
    "test_servers",
    "urls",
]

# The holds of this process: an open file with a shared lock for each data folder. The system lets go of them when the
# process dies, however it dies.
holds: dict[Path, IO[str]] = {}


def data_folder() -> Path:
    """The folder of databases, secrets, keys and logs."""
    return find_place().data


def secret(name: str) -> str:
    """A random secret of 64 hexadecimal digits, kept under its name in `secrets/` and made at its first use."""
    return find_place().secret(name)


def urls(place: Place | None = None) -> dict[str, str]:
    """The addresses of the embedded servers, running or not: DATABASE_URL, DATABASE_OWNER_URL, DATABASE_ADMIN_URL and
    REDIS_URL, by the names of the variables that they stand in for."""
    place = place or find_place()
    line = f"host={quote(str(place.sockets))}&port=5432"
    return {
        "DATABASE_URL": f"postgresql://phano_app:{place.secret('phano_app')}@/phano?{line}",
        "DATABASE_OWNER_URL": f"postgresql://phano_owner:{place.secret('phano_owner')}@/phano?{line}",
        "DATABASE_ADMIN_URL": f"postgresql://postgres:{place.secret('postgres')}@/postgres?{line}",
        "REDIS_URL": f"unix://:{place.secret('valkey')}@{quote(str(place.sockets))}/valkey.sock?db=0",
    }


def master_key_file(place: Place | None = None) -> Path:
    """The file of the master key (32 random bytes, mode 0600), made at its first use beside the key store's folder.

    Raises EmbeddedError where wrapped keys are there and the master key is not: a new one could never open them.
    """
    keys = (place or find_place()).data / "keys"
    master, store = keys / "master", keys / "store"
    if not master.exists() and any(store.glob("*")):
        raise EmbeddedError(f"{master} is gone and the keys in {store} need it: put it back, or type `make fresh`.")
    read_or_make(master, lambda: os.urandom(32))
    make_folder(store)
    return master


def missing_servers() -> list[str]:
    """What the environment names no server for, so that an embedded one serves: "database", "broker"."""
    if os.environ.get("PHANO_LINT") == "1":
        return []
    variables = {"broker": "REDIS_URL", "database": "DATABASE_URL"}
    return [server for server, variable in variables.items() if not os.environ.get(variable)]


def ensure_running(place: Place | None = None) -> bool:
    """Attach to the embedded servers, starting those that do not answer; True if this call started one.

    Without `place` these are the `missing_servers()` of this checkout's data folder. This process then holds them
    until `release()` or its end. Raises EmbeddedError.
    """
    wanted = missing_servers() if place is None else ["broker", "database"]
    if not wanted:
        return False
    # Imported here: with DATABASE_URL set nobody needs these modules or the wheels behind them.
    from phano.embedded import postgres, valkey

    place = place or find_place()
    started = False
    with place.locked():
        hold(place)
        master_key_file(place)
        for name in wanted:
            server = {"broker": valkey, "database": postgres}[name]
            if not server.is_running(place):
                place.prepare()
                server.start(place)
                started = True
    return started


def hold(place: Place) -> None:
    """Keep the servers of `place` from being stopped by another process that ends; call it under the lock."""
    if place.data not in holds:
        holds[place.data] = file = open_own(place.data / "in-use")
        fcntl.flock(file, fcntl.LOCK_SH)
        owner = os.getpid()
        # A forked child shares the hold but must not stop the servers at its own end.
        atexit.register(lambda: release(place) if os.getpid() == owner else None)


def release(place: Place | None = None) -> None:
    """Let go of the servers; the last process to do so stops them."""
    place = place or find_place()
    file = holds.pop(place.data, None)
    if file is None or not place.data.exists():
        return
    with file, place.locked():
        if is_last_holder(file):
            stop_servers(place)


def is_last_holder(file: IO[str]) -> bool:
    """Whether no other process holds these servers; if so this one holds them alone until `file` is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stop(place: Place | None = None) -> None:
    """Stop the embedded servers, whoever uses them."""
    place = place or find_place()
    if place.data.exists():
        with place.locked():
            stop_servers(place)


def stop_servers(place: Place) -> None:
    """PostgreSQL first, Valkey last: its queue takes what the last transaction sends."""
    from phano.embedded import postgres, valkey

    postgres.stop(place)
    valkey.stop(place)


@contextlib.contextmanager
def serving(place: Place | None = None) -> Iterator[None]:
    """Attach to the embedded servers or start them for the length of a block."""
    ensure_running(place)
    try:
        yield
    finally:
        release(place)


@contextlib.contextmanager
def test_servers() -> Iterator[dict[str, str]]:
    """Servers for one test run in a data folder of their own, gone with the block: the `urls()` and PHANO_DATA.

    What a killed run left behind is removed first, recognised by its lock, which no living process holds.
    """
    rooms = data_folder() / "test"
    for folder in (rooms.parent, rooms):
        make_folder(folder)
        if user := server_user(find_place()):
            let_pass(folder, user)
    for left in rooms.iterdir():
        remove_unused(Place(left, durable=False))
    place = Place(Path(tempfile.mkdtemp(prefix="", dir=rooms)), durable=False)
    try:
        with place.locked():
            hold(place)
        ensure_running(place)
        yield urls(place) | {"PHANO_DATA": str(place.data)}
    finally:
        release(place)
        shutil.rmtree(place.data, ignore_errors=True)


def remove_unused(place: Place) -> None:
    """Stop the servers of a throwaway folder that no process holds, and remove it."""
    if place.data in holds:
        return
    with place.locked(), open_own(place.data / "in-use") as file:
        if is_last_holder(file):
            stop_servers(place)
            shutil.rmtree(place.data, ignore_errors=True)
