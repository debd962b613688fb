"""Browsers that have signed in before, so that whoever guesses at an address does not lock its owner out.

After a sign-in the browser holds a signed cookie. Failed tries from it are counted apart from everybody else's: a
stranger can use up the stranger's tries only (OWASP, “Slow down online guessing attacks with device cookies”).
"""

import hashlib
import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "phano_browser"
SALT = "accounts.browsers"
MAX_AGE = 180 * 24 * 3600


def remember_browser(response: HttpResponse, email: str) -> None:
    """Let this browser's next tries for `email` be counted apart."""
    response.set_cookie(
        COOKIE,
        signing.dumps([_digest(email), secrets.token_hex(8)], salt=SALT),
        max_age=MAX_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known_browser(request: HttpRequest, email: str) -> str:
    """The browser's own name where `email` has signed in from it, else ''."""
    try:
        digest, name = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=MAX_AGE)
    except (signing.BadSignature, ValueError):
        return ""
    return name if secrets.compare_digest(digest, _digest(email)) else ""


def _digest(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
