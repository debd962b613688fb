"""Where an embedded installation lives: one data folder, its private files, and the user its servers run as."""

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parent.parent.parent

# A unix socket's path ends at 107 bytes (103 on macOS); the longest name we put in the folder is PostgreSQL's lock.
LONGEST_SOCKET_PATH = 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"


class EmbeddedError(Exception):
    """Says in one sentence why the embedded servers cannot serve, and what to type."""


@dataclass(frozen=True)
class ServerUser:
    """The unprivileged user that the servers run as when Phano is started by root."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Place:
    """One data folder. `durable` is False for throwaway servers, which then skip every wait for the disk."""

    data: Path
    durable: bool = True

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def sockets(self) -> Path:
        """The private folder of both servers' sockets: in the data folder, or below /tmp where its path is too long.

        /tmp by name, not TMPDIR: processes with different environments must come to the same folder.
        """
        near = self.data / "run"
        longest = os.fsencode(near / LONGEST_SOCKET_NAME)
        if len(longest) <= LONGEST_SOCKET_PATH and re.fullmatch(rb"[\w/.+-]+", longest):
            return near
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path("/tmp") / f"phano-{name}" / "run"  # noqa: S108  # make_folder refuses one that is not ours

    def secret(self, name: str) -> str:
        """The random secret `name` (64 hexadecimal digits, 256 bits), made at its first use in a file of mode 0600."""
        return read_or_make(self.data / "secrets" / name, lambda: secrets.token_hex(32).encode()).decode()

    def prepare(self) -> None:
        """Make the folders that the servers need, with their owners and modes; raises EmbeddedError."""
        user = server_user(self)
        make_folder(self.data)
        if user:
            refuse_closed_folder(self.data, user)
            let_pass(self.data, user)
        make_folder(self.logs, mode=0o711 if user else 0o700)
        make_folder(self.valkey, owner=user)
        if self.sockets.parent != self.data:
            make_folder(self.sockets.parent, mode=0o711 if user else 0o700, verify=True)
        make_folder(self.sockets, owner=user, verify=True)

    def open_log(self, name: str) -> Path:
        """The log file `name`, made for the servers' user to append to."""
        path, user = self.logs / f"{name}.log", server_user(self)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        if user:
            os.chown(path, user.uid, user.gid)
        return path

    def write_for_servers(self, path: Path, text: str) -> None:
        """Write a file of mode 0600 for the servers' user, whole or not at all."""
        user, draft = server_user(self), path.with_name(path.name + ".new")
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        if user:
            os.chown(draft, user.uid, user.gid)
        draft.replace(path)

    def process_options(self) -> dict[str, Any]:
        """How to start a server's process: as the unprivileged user where we are root, blind to our environment."""
        options: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}}
        if user := server_user(self):
            options |= {"user": user.uid, "group": user.gid, "extra_groups": []}
        return options

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock under which servers are started and stopped."""
        make_folder(self.data)
        with open_own(self.data / "lock") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def find_place() -> Place:
    """The data folder of this checkout: PHANO_DATA, or `.phano` beside manage.py."""
    return Place(Path(os.environ.get("PHANO_DATA") or PROJECT / ".phano").resolve())


def server_user(place: Place) -> ServerUser | None:
    """None for a plain user, who runs the servers himself. For root: the owner of the data, or of the checkout
    (a mounted checkout stays its owner's), or nobody. The user needs an entry in passwd, or initdb refuses it.
    """
    if os.geteuid() != 0:
        return None
    for folder in (place.postgres, place.data, PROJECT):
        with contextlib.suppress(FileNotFoundError, KeyError):
            if uid := folder.stat().st_uid:
                entry = pwd.getpwuid(uid)
                return ServerUser(entry.pw_uid, entry.pw_gid, entry.pw_name)
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL never runs as root and there is no user “nobody”: add one, or start Phano as a plain user."
        ) from None
    return ServerUser(entry.pw_uid, entry.pw_gid, entry.pw_name)


def may_enter(folder: Path, user: ServerUser) -> bool:
    """Whether the mode of `folder` lets `user` pass through it."""
    status = folder.stat()
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def let_pass(folder: Path, user: ServerUser) -> None:
    """Let `user` pass through a folder of ours on the way to its own; what stands in it stays unreadable."""
    if not may_enter(folder, user):
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)


def refuse_closed_folder(path: Path, user: ServerUser) -> None:
    """Raise EmbeddedError for the first folder above `path` that `user` may not pass; no mode is ever changed there."""
    for folder in reversed(path.parents):
        if not may_enter(folder, user):
            raise EmbeddedError(
                f"PostgreSQL never runs as root, and the user {user.name} that it runs as may not pass {folder}: "
                f"type `chmod o+x {folder}`, or move the checkout to an open folder such as /srv."
            )


def make_folder(path: Path, *, mode: int = 0o700, owner: ServerUser | None = None, verify: bool = False) -> None:
    """Make a private folder if it is missing; with `verify` one that stands already must be ours and closed.

    Verification is for folders below /tmp, where anyone could have made one of that name before us.
    """
    uid = owner.uid if owner else os.geteuid()
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        status = path.lstat()
        sound = stat.S_ISDIR(status.st_mode) and status.st_uid == uid and not status.st_mode & 0o066
        if verify and not sound:
            raise EmbeddedError(f"{path} is not a private folder of this user: remove it, then start again.") from None
        return
    except FileNotFoundError:
        raise EmbeddedError(f"{path.parent} does not exist: make it, or set PHANO_DATA to another folder.") from None
    except PermissionError:
        raise EmbeddedError(
            f"{path} cannot be made by this user: start as {owner_name(path.parent)}, whom {path.parent} belongs to."
        ) from None
    if owner:
        os.chown(path, owner.uid, owner.gid)
    path.chmod(mode)


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """The bytes of a file of mode 0600, made by `make()` if it is missing; of two makers at once one wins for both."""
    with contextlib.suppress(FileNotFoundError):
        return read_private(path)
    if not path.parent.parent.exists():
        make_folder(path.parent.parent)
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
        # A link appears whole or not at all, and never over another one.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return read_private(path)


def read_private(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError:
        raise EmbeddedError(f"{path} belongs to the user {owner_name(path)}: start Phano as that user.") from None


def open_own(path: Path) -> IO[str]:
    """A lock file of the data folder, opened to write; raises EmbeddedError where another user made it."""
    try:
        return open(path, "a")
    except PermissionError:
        raise EmbeddedError(f"{path} belongs to the user {owner_name(path)}: start Phano as that user.") from None


def owner_name(path: Path) -> str:
    """The name of the user that `path` belongs to, or of the nearest folder above it that we may see."""
    for seen in (path, *path.parents):
        with contextlib.suppress(PermissionError, FileNotFoundError):
            uid = seen.stat().st_uid
            try:
                return pwd.getpwuid(uid).pw_name
            except KeyError:
                return str(uid)
    return "root"
