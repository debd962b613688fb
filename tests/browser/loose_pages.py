"""Pages made of the real frame, styles and scripts, served from memory under the real content policy."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import engines
from django.utils.csp import build_policy

ORIGIN = "http://phano.test"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
NAVIGATION = [
    {"group": "main", "key": key, "label": key.title(), "icon": key, "url": f"/{key}/", "count": None, "current": False}
    for key in ("today", "matrix", "accounts")
] + [{"group": "workspace", "key": "import", "label": "Import", "icon": "import", "url": "/import/", "count": 3}]


class LoosePages:
    """Answers one Playwright page: GET / is `body` in the frame, static files are the project's, the rest is told.

    `answers` maps "POST /path" to (status, headers, body); every request that is not a static file is kept in `asked`.
    """

    def __init__(self, page: Any, body: str, **context: Any) -> None:
        self.page, self.asked, self.faults = page, [], []
        self.answers: dict[str, tuple[int, dict[str, str], str]] = {}
        self.html = draw_page(body, **context)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: message.type in {"error", "warning"} and self.faults.append(message.text))
        page.route("**/*", self.answer)
        page.goto(ORIGIN + "/")
        page.evaluate("document.fonts.ready")

    def answer(self, route: Any) -> None:
        """Fulfil one request."""
        request = route.request
        path = request.url.removeprefix(ORIGIN)
        if path.startswith("/static/"):
            file = Path(finders.find(path.removeprefix("/static/")))
            route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix])
            return
        self.asked.append(f"{request.method} {path} {request.post_data or ''}".strip())
        status, headers, body = self.answers.get(f"{request.method} {path.split('?')[0]}", (200, {}, self.html))
        if status == 0:
            route.abort()
            return
        policy = build_policy(settings.SECURE_CSP)
        route.fulfill(
            status=status,
            headers={"Content-Type": "text/html", "Content-Security-Policy": policy, **headers},
            body=body,
        )


def draw_page(body: str, **context: Any) -> str:
    """`body` (template source) as the content of base.html, seen by a signed-in member."""
    source = (
        '{% extends "base.html" %}{% load static phano_display %}{% block title %}Loose{% endblock %}'
        "{% block head %}<script src=\"{% static 'js/upload.js' %}\" defer></script>{% endblock %}"
        "{% block content %}<h1>Loose</h1>" + body + "{% endblock %}"
    )
    user = SimpleNamespace(is_authenticated=True, email="bob@acme.example", theme="", single_key_shortcuts=True)
    frame = {
        "user": user,
        "organization": SimpleNamespace(name="Acme", slug="acme", currency="EUR"),
        "membership": SimpleNamespace(get_role_display="CSM"),
        "navigation": NAVIGATION,
        "search_url": "/search/",
        "preferences_url": "/preferences/",
        "csrf_token": "token",
        "diagnosis_status": {"state": "complete", "at": None, "accounts": 40},
    }
    return engines["django"].from_string(source).render({**frame, **context})
