"""The signed-in user's language, before the view."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


class MemberPreferences:
    """A user's chosen language goes before the browser's; without a choice LocaleMiddleware's stands."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Signed-out requests carry no session cookie and must not cost a query.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated and request.user.language:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        return self.get_response(request)
