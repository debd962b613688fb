"""The key store: one file of wrapped data keys per organization, outside the database and its backups.

A backup of the database alone therefore opens nothing, and destroying an organization's file makes every copy of
its encrypted fields unreadable. `wrap` and `unwrap` are the seam where a key management service takes the place
of the master key file.
"""

import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from django.conf import settings

KEY_BYTES = 32


class KeyDestroyed(LookupError):
    """The organization's data key is not in the key store: never made, or destroyed on purpose."""


class KeyWrapper(Protocol):
    """Wraps and unwraps 32-byte keys: a master key, or a key management service."""

    def wrap(self, key: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes) -> bytes: ...


class MasterKeyFile:
    """Key-encryption keys of 32 bytes in a file, one after another (RFC 3394 wrapping).

    The first wraps, each may unwrap: while a new master key is brought in, the file holds it before the old one.
    """

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        if not raw or len(raw) % KEY_BYTES:
            raise ValueError(f"The master key file must hold keys of {KEY_BYTES} bytes, it holds {len(raw)} bytes.")
        self.keys = [raw[start : start + KEY_BYTES] for start in range(0, len(raw), KEY_BYTES)]

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap(self.keys[0], key)

    def unwrap(self, wrapped: bytes) -> bytes:
        for key in self.keys[:-1]:
            with suppress(InvalidUnwrap):
                return aes_key_unwrap(key, wrapped)
        return aes_key_unwrap(self.keys[-1], wrapped)


class DataKeys:
    """An organization's opened keys: numbered data keys, newest last, and the look-up key."""

    def __init__(self, keys: dict[int, bytes], lookup: bytes) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self.numbers = sorted(keys)
        self.newest = self.numbers[-1]
        self.lookup = lookup

    def cipher(self, number: int) -> AESGCM:
        """The cipher of one key number; raises KeyDestroyed."""
        try:
            return self._ciphers[number]
        except KeyError:
            raise KeyDestroyed(f"Data key {number} is not in the key store.") from None


class KeyStore:
    """Files `<organization>.json` in one folder; opened keys are kept until their file changes."""

    def __init__(self, folder: Path, wrapper: KeyWrapper) -> None:
        self.folder, self.wrapper = folder, wrapper
        self._opened: dict[uuid.UUID, tuple[tuple[int, int], DataKeys]] = {}
        self._locations: dict[uuid.UUID, str] = {}

    def create(self, organization_id: uuid.UUID) -> None:
        """Make a new organization's first data key and look-up key; raises FileExistsError."""
        with self._locked():
            if self._path(organization_id).exists():
                raise FileExistsError(organization_id)
            self._write(organization_id, {"lookup": self._wrapped_new(), "keys": {"1": self._wrapped_new()}})

    def ensure(self, organization_id: uuid.UUID) -> None:
        """Make the first keys where there are none."""
        if not self._path(organization_id).exists():
            with suppress(FileExistsError):
                self.create(organization_id)

    def rotate(self, organization_id: uuid.UUID) -> int:
        """Add a newer data key; older ones stay for what they sealed. Returns the new key's number."""
        with self._locked():
            content = self._read(organization_id)
            number = max(int(n) for n in content["keys"]) + 1
            content["keys"][str(number)] = self._wrapped_new()
            content["rotated_at"] = int(time.time())
            self._write(organization_id, content)
        return number

    def rotated_at(self, organization_id: uuid.UUID) -> int:
        """When the newest key was added, in seconds since the epoch; 0 for the first."""
        return int(self._read(organization_id).get("rotated_at", 0))

    def rewrap(self, organization_id: uuid.UUID, wrapper: KeyWrapper) -> None:
        """Wrap the organization's keys with another key-encryption key; nothing in the database changes."""
        with self._locked():
            content = self._read(organization_id)
            content["keys"] = {n: wrapper.wrap(self._unwrap(w)).hex() for n, w in content["keys"].items()}
            content["lookup"] = wrapper.wrap(self._unwrap(content["lookup"])).hex()
            self._write(organization_id, content)

    def retire(self, organization_id: uuid.UUID, number: int) -> None:
        """Forget one older data key, once nothing is sealed with it any more."""
        with self._locked():
            content = self._read(organization_id)
            if int(number) == max(int(n) for n in content["keys"]):
                raise ValueError("The newest data key is in use.")
            content["keys"].pop(str(number), None)
            self._write(organization_id, content)

    def destroy(self, organization_id: uuid.UUID) -> None:
        """Make everything the organization ever sealed unreadable, here and in every backup."""
        with self._locked():
            self._draft(organization_id).unlink(missing_ok=True)
            self._path(organization_id).unlink(missing_ok=True)
            self._opened.pop(organization_id, None)

    def keys(self, organization_id: uuid.UUID) -> DataKeys:
        """The opened keys; raises KeyDestroyed. A changed file is read again, so workers see a rotation."""
        location = self._locations.get(organization_id)
        if location is None:
            location = self._locations[organization_id] = str(self._path(organization_id))
        try:
            # Asked for every sealed field: making the path anew would cost ten times the look at the file.
            file = os.stat(location)
        except FileNotFoundError:
            self._opened.pop(organization_id, None)
            raise KeyDestroyed(f"No data key for organization {organization_id}.") from None
        # The clock of a file system ticks in milliseconds: two writes in one tick still differ by their inode.
        mark = (file.st_mtime_ns, file.st_ino)
        known = self._opened.get(organization_id)
        if known is None or known[0] != mark:
            content = self._read(organization_id)
            opened = {int(n): self._unwrap(w) for n, w in content["keys"].items()}
            known = self._opened[organization_id] = (mark, DataKeys(opened, self._unwrap(content["lookup"])))
        return known[1]

    def owners(self) -> list[uuid.UUID]:
        """Whose keys are here: organizations, and the installation itself under the nil UUID."""
        return sorted(uuid.UUID(path.stem) for path in self.folder.glob("*.json"))

    def _path(self, organization_id: uuid.UUID) -> Path:
        # Through UUID: whatever comes here, the name stays inside the folder.
        return self.folder / f"{uuid.UUID(str(organization_id))}.json"

    def _draft(self, organization_id: uuid.UUID) -> Path:
        return self._path(organization_id).with_suffix(".draft")

    def _wrapped_new(self) -> str:
        return self.wrapper.wrap(os.urandom(KEY_BYTES)).hex()

    def _unwrap(self, wrapped: str) -> bytes:
        try:
            return self.wrapper.unwrap(bytes.fromhex(wrapped))
        except InvalidUnwrap as error:
            raise KeyDestroyed("The key-encryption key does not open this data key.") from error

    def _read(self, organization_id: uuid.UUID) -> dict[str, Any]:
        try:
            return json.loads(self._path(organization_id).read_text())
        except FileNotFoundError:
            raise KeyDestroyed(f"No data key for organization {organization_id}.") from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Two writers who both read, then write, would lose one's new key, and what it sealed with it.
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write(self, organization_id: uuid.UUID, content: dict[str, Any]) -> None:
        # Written beside and renamed: a crash never leaves half a key file, which would lose the data. The draft has
        # one name, so that destroying finds it.
        draft = self._draft(organization_id)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path(organization_id))
        # The new name must be on the disk before the first row that the new key seals.
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@cache
def open_key_store() -> KeyStore:
    """The key store that the settings name."""
    return KeyStore(Path(settings.KEY_STORE), MasterKeyFile(Path(settings.MASTER_KEY_FILE)))
