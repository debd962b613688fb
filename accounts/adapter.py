"""How allauth fits: users without usernames, nobody signs in as a service user."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Users are known by their e-mail address alone."""

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        return None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return True
