"""Finding a person whose name and address are sealed: keyed hashes, equal within one organization only."""

import re
import unicodedata
import uuid
from collections.abc import Iterable

from accounts.encryption import hash_for_lookup

# RFC 5321's lengths, and no start inside a run of such letters: a text of a million of them is read once.
_ADDRESS_IN_TEXT = re.compile(r"(?<![\w.+%'-])[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,8}\w{2,24}")


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


def hash_mentions(organization_id: uuid.UUID, texts: Iterable[str]) -> list[bytes]:
    """The look-up hashes of the e-mail addresses that stand in the texts, each once, in the order of the hashes.

    They are those of `hash_address`: a person's address finds what mentions it, without a text being opened.
    """
    found = {match.casefold() for text in texts if "@" in text for match in _ADDRESS_IN_TEXT.findall(text)}
    return sorted(hash_address(organization_id, address) for address in found)


def plain_name(name: str) -> str:
    """A name without case and accents, so that Elodie finds Élodie."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
