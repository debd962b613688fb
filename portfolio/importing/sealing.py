"""Sealing the private cells of a row, and knowing without opening them whether they changed."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any

from accounts.encryption import data_keys
from accounts.fields import EncryptedTextField
from portfolio.columns import File
from portfolio.people import hash_address, hash_mentions, hash_name, hash_words

DIGEST = "sealed_digest"


def digest_texts(file: File, organization_id: uuid.UUID, texts: Mapping[str, str]) -> bytes:
    """A keyed digest of a row's private cells, exact to the letter; equal digests mean equal texts."""
    message = json.dumps([file.name, *(texts[column.name] for column in file.sealed)]).encode()
    return hmac.new(data_keys(organization_id).lookup, message, hashlib.sha256).digest()


def seal_texts(file: File, organization_id: uuid.UUID, row_id: uuid.UUID, texts: Mapping[str, str]) -> dict[str, Any]:
    """What stands in the database for a row's private cells: ciphertexts, look-up hashes and the digest, by column."""
    stored: dict[str, Any] = {DIGEST: digest_texts(file, organization_id, texts)}
    for column in file.sealed:
        field = file.model_field(column)
        assert isinstance(field, EncryptedTextField)
        stored[file.database_column(column)] = bytes(
            field.seal(texts[column.name], organization_id=organization_id, row_id=row_id)
        )
    return stored | hash_texts(file, organization_id, texts)


def open_texts(file: File, organization_id: uuid.UUID, row_id: uuid.UUID, stored: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a stored row; raises DecryptionFailed or KeyDestroyed."""
    opened = {}
    for column in file.sealed:
        field = file.model_field(column)
        assert isinstance(field, EncryptedTextField)
        sealed = bytes(stored[file.database_column(column)] or b"")
        opened[column.name] = field.open(sealed, organization_id=organization_id, row_id=row_id)
    return opened


def hash_texts(file: File, organization_id: uuid.UUID, texts: Mapping[str, str]) -> dict[str, Any]:
    """The look-up hashes that a file's private cells are found by."""
    match file.name:
        case "contacts":
            return {
                "email_hash": hash_address(organization_id, texts["email"]),
                "name_hash": hash_name(organization_id, texts["name"]),
                "word_hashes": hash_words(organization_id, texts["name"]),
            }
        case "tickets":
            return {
                "requester_hash": hash_address(organization_id, texts["requester_email"]),
                "mentioned_hashes": hash_mentions(organization_id, (texts["subject"], texts["body"])),
            }
        case "interactions":
            addresses = [address for address in texts["contact_emails"].split(";") if address]
            return {
                "contact_hashes": [hash_address(organization_id, address) for address in addresses],
                "mentioned_hashes": hash_mentions(organization_id, (texts["text"],)),
            }
        case "surveys":
            return {
                "contact_hash": hash_address(organization_id, texts["contact_email"]),
                "mentioned_hashes": hash_mentions(organization_id, (texts["comment"],)),
            }
        case "acts":
            return {"mentioned_hashes": hash_mentions(organization_id, (texts["note"],))}
        case _:
            return {}
