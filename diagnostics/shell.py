"""What the frame shows of the diagnosis: the day's open priorities, and how last night's run ended."""

from typing import Any

from django.urls import reverse

from accounts.models import Visibility
from accounts.permissions import is_allowed
from diagnostics.models import Night
from diagnostics.queries.today import count_open
from portfolio.books import widest_book


def describe_diagnosis(request: Any) -> dict[str, Any]:
    """The frame's counts and the state of the last night; nothing before the first one."""
    # A screen that has read the last night leaves it on the request.
    night = getattr(request, "last_night", None) or Night.objects.order_by("-night").first()
    if night is None:
        return {}
    counts = {"today": count_open(request.membership)}
    if widest_book(request.membership) == Visibility.ALL:
        counts["accounts"] = night.accounts
    return {
        "counts": counts,
        "diagnosis_status": {"state": "complete", "at": night.finished_at, "accounts": night.accounts},
    }


def offer_search(request: Any) -> dict[str, Any]:
    """Where the palette asks for accounts; nowhere for a role that sees none."""
    if not is_allowed("portfolio.view", request.membership):
        return {}
    return {"search_url": reverse("search", args=[request.organization.slug])}
