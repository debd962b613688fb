"""The envelope: each organization's data key encrypts its fields; the key itself is kept outside the database.

AES-256-GCM (NIST SP 800-38D) with associated data `version|table|column|organization|row`, so that a ciphertext
copied to another place fails. Layout: version (1 byte), key number (2 bytes), nonce (12 bytes), ciphertext with tag.
"""

import hashlib
import hmac
import os
import uuid

from accounts.keystore import DataKeys, KeyDestroyed, open_key_store

VERSION = 1
NONCE_BYTES = 12
HEADER_BYTES = 3

__all__ = ["DecryptionFailed", "KeyDestroyed", "decrypt", "encrypt", "hash_for_lookup", "key_number"]


class DecryptionFailed(ValueError):
    """The bytes are not this field's: moved, changed, or made by a key that is gone."""


def _associated(table: str, column: str, organization_id: uuid.UUID, row_id: uuid.UUID) -> bytes:
    return f"{VERSION}|{table}|{column}|{organization_id}|{row_id}".encode()


def encrypt(text: str, *, table: str, column: str, organization_id: uuid.UUID, row_id: uuid.UUID) -> bytes:
    """Seal `text` for one field of one row with the organization's newest data key."""
    keys = data_keys(organization_id)
    nonce = os.urandom(NONCE_BYTES)
    number = keys.newest
    sealed = keys.cipher(number).encrypt(nonce, text.encode(), _associated(table, column, organization_id, row_id))
    return bytes([VERSION]) + number.to_bytes(2, "big") + nonce + sealed


def decrypt(sealed: bytes, *, table: str, column: str, organization_id: uuid.UUID, row_id: uuid.UUID) -> str:
    """Open what `encrypt` sealed; raises DecryptionFailed, or KeyDestroyed where the organization's key is gone."""
    from cryptography.exceptions import InvalidTag

    raw = bytes(sealed)
    if len(raw) < HEADER_BYTES + NONCE_BYTES or raw[0] != VERSION:
        raise DecryptionFailed("Not a sealed field.")
    cipher = data_keys(organization_id).cipher(key_number(raw))
    nonce, body = raw[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES], raw[HEADER_BYTES + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, body, _associated(table, column, organization_id, row_id)).decode()
    except InvalidTag as error:
        raise DecryptionFailed(f"{table}.{column} of {row_id} does not open.") from error


def key_number(sealed: bytes) -> int:
    """Which of the organization's data keys sealed these bytes."""
    return int.from_bytes(bytes(sealed)[1:HEADER_BYTES], "big")


def hash_for_lookup(organization_id: uuid.UUID, kind: str, value: str) -> bytes:
    """A keyed digest for exact look-ups: equal values of one organization meet, and no other organization's.

    `value` is compared case-folded and stripped. The empty string gives b"", which meets nothing.
    """
    plain = " ".join(value.casefold().split())
    if not plain:
        return b""
    return hmac.new(data_keys(organization_id).lookup, f"{kind}|{plain}".encode(), hashlib.sha256).digest()


def data_keys(organization_id: uuid.UUID) -> DataKeys:
    """The organization's opened keys; raises KeyDestroyed."""
    return open_key_store().keys(organization_id)
