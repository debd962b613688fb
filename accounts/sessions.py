"""Sessions: kept under the digest of their key, listed and ended by the person they belong to.

A leaked table or cache therefore signs nobody in: only the cookie holds the key itself.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore as CachedStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models.sessions import BrowserSession, digest_key
from accounts.models.users import User

SIGNED_IN = "signed_in"
LONGEST_AGENT = 200


class SessionStore(CachedStore):
    """Django's cached sessions, in a table and a cache that know digests only."""

    cache_key_prefix = "phano.session."

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    @property
    def cache_key(self) -> str:
        key = self._get_or_create_session_key()  # type: ignore[attr-defined]  # missing in the stubs
        return self.cache_key_prefix + digest_key(key)

    def exists(self, session_key: str) -> bool:
        return bool(session_key) and super().exists(digest_key(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(digest_key(key))

    async def acache_key(self) -> str:
        key = await self._aget_or_create_session_key()  # type: ignore[attr-defined]  # missing in the stubs
        return self.cache_key_prefix + digest_key(key)

    async def aexists(self, session_key: str) -> bool:
        return bool(session_key) and await super().aexists(digest_key(session_key))

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            await super().adelete(digest_key(key))

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        session = super().create_model_instance(data)
        assert isinstance(session, BrowserSession)
        session.user_id = data.get(SESSION_KEY)
        return session


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """One of a person's sessions, as they recognise it."""

    user_agent: str
    ip: str
    created_at: datetime | None
    is_current: bool


def note_sign_in(request: HttpRequest, **kwargs: Any) -> None:
    """Remember in the session where it was begun: receiver of allauth's user_logged_in."""
    request.session[SIGNED_IN] = {
        "at": timezone.now().timestamp(),
        "ip": get_adapter().get_client_ip(request),
        "agent": request.headers.get("User-Agent", "")[:LONGEST_AGENT],
    }


def list_sessions(user: User, *, current_key: str) -> list[SignedInBrowser]:
    """Where the user is signed in now, the latest first."""
    browsers = [_describe(session, current_key) for session in _living_sessions(user)]
    return sorted(browsers, key=lambda browser: (browser.is_current, str(browser.created_at)), reverse=True)


def end_other_sessions(user: User, *, current_key: str) -> int:
    """Sign the user out of every other browser; returns of how many."""
    others = [s for s in _living_sessions(user) if s.session_key != digest_key(current_key)]
    for session in others:
        SessionStore().delete(session.session_key)
    return len(others)


def _living_sessions(user: User) -> list[BrowserSession]:
    """Those that still open: a changed password has ended the others, though their rows are there."""
    sessions = BrowserSession.objects.filter(user=user, expire_date__gt=timezone.now())
    proof = user.get_session_auth_hash()
    return [s for s in sessions if constant_time_compare(s.get_decoded().get(HASH_SESSION_KEY, ""), proof)]


def _describe(session: BrowserSession, current_key: str) -> SignedInBrowser:
    begun = session.get_decoded().get(SIGNED_IN, {})
    return SignedInBrowser(
        user_agent=begun.get("agent", ""),
        ip=begun.get("ip", ""),
        created_at=datetime.fromtimestamp(begun["at"], UTC) if "at" in begun else None,
        is_current=session.session_key == digest_key(current_key),
    )
