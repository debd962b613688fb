"""The key store: one file of wrapped data keys per organization, outside the database and its backups.

A backup of the database alone therefore opens nothing, and destroying an organization's file makes every copy of
its encrypted fields unreadable. `wrap` and `unwrap` are the seam where a key management service takes the place
of the master key file.
"""

import json
import os
import tempfile
import threading
import uuid
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
    """A key-encryption key of 32 bytes in a file (RFC 3394 wrapping)."""

    def __init__(self, path: Path) -> None:
        self.key = path.read_bytes()
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"The master key file must hold {KEY_BYTES} bytes, it holds {len(self.key)}.")

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap(self.key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return aes_key_unwrap(self.key, wrapped)


class DataKeys:
    """An organization's opened keys: numbered data keys, newest last, and the look-up key."""

    def __init__(self, keys: dict[int, bytes], lookup: bytes) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self.newest = max(keys)
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
        self._opened: dict[uuid.UUID, tuple[int, DataKeys]] = {}
        self._lock = threading.Lock()

    def create(self, organization_id: uuid.UUID) -> None:
        """Make a new organization's first data key and look-up key; raises FileExistsError."""
        if self._path(organization_id).exists():
            raise FileExistsError(organization_id)
        self._write(organization_id, {"lookup": self._wrapped_new(), "keys": {"1": self._wrapped_new()}})

    def rotate(self, organization_id: uuid.UUID) -> int:
        """Add a newer data key; older ones stay for what they sealed. Returns the new key's number."""
        content = self._read(organization_id)
        number = max(int(n) for n in content["keys"]) + 1
        content["keys"][str(number)] = self._wrapped_new()
        self._write(organization_id, content)
        return number

    def rewrap(self, organization_id: uuid.UUID, wrapper: KeyWrapper) -> None:
        """Wrap the organization's keys with another key-encryption key; nothing in the database changes."""
        content = self._read(organization_id)
        again = {n: wrapper.wrap(self._unwrap(w)).hex() for n, w in content["keys"].items()}
        self._write(organization_id, {"lookup": wrapper.wrap(self._unwrap(content["lookup"])).hex(), "keys": again})

    def retire(self, organization_id: uuid.UUID, number: int) -> None:
        """Forget one older data key, once nothing is sealed with it any more."""
        content = self._read(organization_id)
        if int(number) == max(int(n) for n in content["keys"]):
            raise ValueError("The newest data key is in use.")
        content["keys"].pop(str(number), None)
        self._write(organization_id, content)

    def destroy(self, organization_id: uuid.UUID) -> None:
        """Make everything the organization ever sealed unreadable, here and in every backup."""
        self._path(organization_id).unlink(missing_ok=True)
        self._opened.pop(organization_id, None)

    def keys(self, organization_id: uuid.UUID) -> DataKeys:
        """The opened keys; raises KeyDestroyed. A changed file is read again, so workers see a rotation."""
        try:
            changed = self._path(organization_id).stat().st_mtime_ns
        except FileNotFoundError:
            self._opened.pop(organization_id, None)
            raise KeyDestroyed(f"No data key for organization {organization_id}.") from None
        known = self._opened.get(organization_id)
        if known is None or known[0] != changed:
            content = self._read(organization_id)
            opened = {int(n): self._unwrap(w) for n, w in content["keys"].items()}
            known = (changed, DataKeys(opened, self._unwrap(content["lookup"])))
            with self._lock:
                self._opened[organization_id] = known
        return known[1]

    def _path(self, organization_id: uuid.UUID) -> Path:
        return self.folder / f"{organization_id}.json"

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

    def _write(self, organization_id: uuid.UUID, content: dict[str, Any]) -> None:
        # Written beside and renamed: a crash never leaves half a key file, which would lose the data.
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, self._path(organization_id))


@cache
def open_key_store() -> KeyStore:
    """The key store that the settings name."""
    return KeyStore(Path(settings.KEY_STORE), MasterKeyFile(Path(settings.MASTER_KEY_FILE)))
