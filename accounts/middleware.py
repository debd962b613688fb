"""What a signed-in person's requests have in common, in an organization or not."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


class MemberPreferences:
    """A user's chosen language goes before the browser's; nothing that a signed-in person sees is kept by a cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Signed-out requests carry no session cookie and must not cost a query.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return self.get_response(request)
        if request.user.language:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language  # type: ignore[attr-defined]  # as LocaleMiddleware sets it
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
