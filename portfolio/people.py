"""Finding a person whose name and address are sealed: keyed hashes, equal within one organization only."""

import re
import unicodedata
import uuid

from accounts.encryption import hash_for_lookup


def hash_address(organization_id: uuid.UUID, address: str) -> bytes:
    """The look-up hash of an e-mail address; b"" for none."""
    return hash_for_lookup(organization_id, "email", address)


def hash_name(organization_id: uuid.UUID, name: str) -> bytes:
    """The look-up hash of a full name, case and accents aside; b"" for none."""
    return hash_for_lookup(organization_id, "name", plain_name(name))


def hash_words(organization_id: uuid.UUID, name: str) -> list[bytes]:
    """The look-up hashes of a name's words, each once, in the order of the hashes."""
    words = set(re.findall(r"[\w'-]+", plain_name(name)))
    return sorted(hash_for_lookup(organization_id, "word", word) for word in words)


def plain_name(name: str) -> str:
    """A name without case and accents, so that Elodie finds Élodie."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
