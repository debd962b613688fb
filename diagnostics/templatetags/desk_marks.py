"""The forms behind a desk's rows: each kind is rendered once a page and filled in for every row.

They differ by a handful of values; rendered fifty times they would cost more than the rest of the page.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from django import template
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from diagnostics.queries.expansion import Offer
from diagnostics.queries.offer_facts import OfferFacts
from diagnostics.queries.renewals import Due

register = template.Library()

# What a form holds in the place of a row's value; an address takes only an id. Nobody can write either into a name:
# the process draws them.
MARK = f"\ue000{secrets.token_hex(8)}\ue001"
GAP = re.compile(rf"{MARK}(\w+){MARK}")
SOME_ACCOUNT, SOME_GOAL = uuid4(), uuid4()
CACHE = "desk_forms"


@register.simple_tag(takes_context=True)
def renewal_forms(context: Any, row: Due) -> SafeString:
    """The forecast and the next step of one contract."""
    step = row.step
    form = _form(context, f"renewal-{step is not None}", lambda: _draw_renewal(context, with_step=step is not None))
    return _fill(
        form,
        {
            "key": row.key,
            "account": row.account_id,
            "goal": step.id if step else "",
            "term": row.term,
            "title": step.title if step else "",
            "due": _day(step.due_on if step else None),
            "owner": row.owner_choice,
            "owner_name": row.owner or gettext("nobody"),
        },
    )


def _draw_renewal(context: Any, *, with_step: bool) -> str:
    row = SimpleNamespace(step=SimpleNamespace(id=SOME_GOAL) if with_step else None)
    return _draw(context, "diagnostics/renewals/forms.html", row=row)


@register.simple_tag(takes_context=True)
def offer_forms(context: Any, row: Offer, facts: OfferFacts) -> SafeString:
    """The stage and terms of an opportunity, or the opportunity that a window may become."""
    kind = f"offer-{row.stage}-{row.is_window}-{row.lever == 'cross_sell'}"
    form = _form(context, kind, lambda: _draw(context, "diagnostics/expansion/forms.html", row=row))
    return _fill(
        form,
        {
            "key": row.key,
            "account": row.opportunity_id or row.account_id,
            "amount": f"{row.amount:.2f}",
            "closes": _day(row.closes_on if row.is_window else row.expected_on),
            "lever": row.lever,
            "product": facts.product_id,
            "product_name": dict(context["products"]).get(facts.product_id, ""),
        },
    )


def _form(context: Any, kind: str, draw: Callable[[], str]) -> str:
    """The form of one kind, rendered at its first row."""
    forms: dict[str, str] = context["request"].__dict__.setdefault(CACHE, {})
    if kind not in forms:
        forms[kind] = draw()
    return forms[kind]


def _draw(context: Any, name: str, **values: Any) -> str:
    # The token is the page's own; a context of its own spares the frame's questions.
    given = {key: context.get(key) for key in ("csrf_token", "organization", "forecasts", "owner_options", "stages")}
    given |= {
        "products": context.get("products"),
        "today": context["today"],
        "any_id": SOME_ACCOUNT,
        "gap": MARK,
        **values,
    }
    drawn = render_to_string(name, given)
    return drawn.replace(str(SOME_ACCOUNT), f"{MARK}account{MARK}").replace(str(SOME_GOAL), f"{MARK}goal{MARK}")


def _fill(form: str, values: Mapping[str, object]) -> SafeString:
    """The form with one row's values, escaped; in one pass, so that no value is read as a gap."""
    return SafeString(GAP.sub(lambda gap: escape(values.get(gap[1], gap[0])), form))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
