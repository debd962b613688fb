"""Every route of the resolver, with an address to try it by."""

import inspect
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, SlugConverter, StringConverter, UUIDConverter

from accounts.permissions import PERMISSIONS
from tests.attacks.route_table import OBJECTS

# What differs between two renderings of one page: the mask of the CSRF token.
CSRF = re.compile(rb"""(csrfmiddlewaretoken" value="|X-CSRFToken": "|X-CSRFToken&quot;: &quot;)[A-Za-z0-9]{64}""")


@dataclass(frozen=True)
class Route:
    """One URL pattern; `arguments` are its converters by name, without the slug."""

    name: str
    pattern: str
    view: Any
    arguments: dict[str, Any]

    @property
    def is_in_organization(self) -> bool:
        return self.pattern.startswith("o/<slug:slug>/")

    @property
    def permission(self) -> str | None:
        return getattr(self.view, "permission", None)

    @property
    def roles(self) -> frozenset[str]:
        """The roles that hold the view's permission."""
        return PERMISSIONS[self.permission or ""]

    @property
    def objects(self) -> dict[str, str]:
        """The tables that the route's ids come from, by argument."""
        return {
            name: OBJECTS.get(name) or table_of(name)
            for name, converter in self.arguments.items()
            if isinstance(converter, UUIDConverter)
        }

    def path(self, slug: str = "acme", **values: Any) -> str:
        """An address of the route; arguments that are not given point at nothing."""
        filled = {name: values.get(name, example(converter)) for name, converter in self.arguments.items()}
        # allauth writes some of its addresses as regular expressions.
        address = "/" + re.sub(r"\(\?P<\w+>[^)]*\)", "nothing", self.pattern).replace("^", "").replace("$", "")
        for name, value in {**filled, "slug": slug}.items():
            address = re.sub(rf"<(\w+:)?{name}>", str(value), address)
        return address


def example(converter: Any) -> Any:
    """A value that the converter takes and that names nothing."""
    if isinstance(converter, UUIDConverter):
        return uuid.uuid4()
    if isinstance(converter, IntConverter):
        return 987_654
    if isinstance(converter, (SlugConverter, StringConverter)):
        return "nothing-here"
    raise NotImplementedError(f"Say here what an example for {converter!r} is.")


def table_of(argument: str) -> str:
    """account_id comes from portfolio_account: the one model of that name."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.model_name == argument.removesuffix("_id").replace("_", "")
    ]
    if len(tables) != 1:
        raise LookupError(f"Which table does {argument} come from? Say so in tests/attacks/route_table.py: OBJECTS.")
    return tables[0]


def all_routes() -> list[Route]:
    """Every route that has a view, with the includes resolved."""
    return sorted(_walk(get_resolver(), "", {}), key=lambda route: route.pattern)


def organization_routes() -> list[Route]:
    """Those under /o/<slug>/."""
    return [route for route in all_routes() if route.is_in_organization]


def takes_ids_in_a_list(view: Any) -> bool:
    """Whether the view, or a function of ours that it calls, reads a list out of a posted form.

    Read from the code itself: an act on several rows cannot be forgotten in a list of them.
    """
    seen: set[Any] = set()
    waiting = [inspect.unwrap(view)]
    while waiting:
        function = waiting.pop()
        code = getattr(function, "__code__", None)
        if code is None or code in seen:
            continue
        seen.add(code)
        names = set(code.co_names).union(*(inner.co_names for inner in code.co_consts if hasattr(inner, "co_names")))
        if {"POST", "getlist"} <= names:
            return True
        called = (function.__globals__.get(name) for name in names)
        waiting += [one for one in called if inspect.isfunction(one) and one.__module__ == function.__module__]
    return False


def _walk(resolver: URLResolver, prefix: str, arguments: dict[str, Any]) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        own = arguments | getattr(entry.pattern, "converters", {})
        if isinstance(entry, URLResolver):
            yield from _walk(entry, pattern, own)
        elif isinstance(entry, URLPattern):
            rest = {name: converter for name, converter in own.items() if name != "slug"}
            yield Route(entry.name or "", pattern, entry.callback, rest)


def plain(response: Any) -> bytes:
    """The body without what is new in each rendering."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return CSRF.sub(rb"\1", content)
