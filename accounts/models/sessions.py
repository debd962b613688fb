"""Where people are signed in."""

import hashlib
from typing import Any

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Digest(str):
    """A session key as it stands in the table: read from there, never from a cookie."""

    __slots__ = ()


def digest_key(key: str) -> Digest:
    """What is stored of a cookie's session key; a Digest stays itself."""
    return key if isinstance(key, Digest) else Digest(hashlib.sha256(f"session:{key}".encode()).hexdigest())


class DigestedKeyField(models.CharField):
    """Stores and compares the digest of what it is given: who reads the table cannot sign in with it."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else str(digest_key(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Digest:
        return Digest(value)


class BrowserSession(AbstractBaseSession):
    """A browser's session; `user` is empty before the sign-in."""

    session_key = DigestedKeyField(max_length=64, primary_key=True)
    user = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")

    @classmethod
    def get_session_store_class(cls) -> Any:
        from accounts.sessions import SessionStore

        return SessionStore
