"""How allauth fits: users without usernames, tries counted per browser, second factors sealed."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop

from accounts.browsers import known_browser, remember_browser
from accounts.context import NOBODY
from accounts.encryption import decrypt, encrypt
from accounts.keystore import open_key_store

TABLE, COLUMN = "mfa_authenticator", "data"
# Labels that come with allauth and Django; marked here, they are translated as our own words are.
BORROWED_LABELS = (gettext_noop("Email"), gettext_noop("Forgot your password?"))


class AccountAdapter(DefaultAccountAdapter):
    """Users are known by their e-mail address alone."""

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        return None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return True

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse one try too many with status 429, whether or not the address is anybody's."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            raise ImmediateHttpResponse(respond_429(request)) from None

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        remember_browser(response, user.email)
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        key = super()._get_login_attempts_cache_key(request, **credentials)
        browser = known_browser(request, credentials.get("email", ""))
        return f"{key}:{browser}" if browser else key


class MFAAdapter(DefaultMFAAdapter):
    """TOTP secrets and recovery codes are sealed with the installation's own data key (kept under the nil UUID)."""

    def encrypt(self, text: str) -> str:
        open_key_store().ensure(NOBODY)
        sealed = encrypt(text, table=TABLE, column=COLUMN, organization_id=NOBODY, row_id=NOBODY)
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        sealed = base64.b64decode(encrypted_text)
        return decrypt(sealed, table=TABLE, column=COLUMN, organization_id=NOBODY, row_id=NOBODY)
