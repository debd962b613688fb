"""A new opportunity from nothing: choose the account, then say what it is."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view
from diagnostics.filters import MOST_TEXT, BadFilter
from diagnostics.labels import OPPORTUNITY_KINDS
from diagnostics.queries.accounts import find_accounts
from diagnostics.queries.diagnosed import read_nights
from portfolio.books import access_account
from portfolio.models import Product


@require_GET
@organization_view("portfolio.act")
def new_opportunity(request: MemberRequest) -> HttpResponse:
    """The search for an account; with `account` the form for it."""
    words, wanted = request.GET.get("q", ""), request.GET.get("account", "")
    if set(request.GET) - {"q", "account"} or len(words) > MOST_TEXT or "\0" in words:
        raise BadFilter
    nights = read_nights()
    request.last_night = nights.last if nights else None  # type: ignore[attr-defined]  # the frame shows it too
    shown: dict[str, Any] = {"words": words.strip(), "levers": OPPORTUNITY_KINDS.items()}
    if wanted:
        shown["account"] = access_account(request.membership, wanted)
        shown["products"] = Product.objects.order_by("name", "pk").values_list("pk", "name")
    elif words.strip():
        shown["found"] = find_accounts(request.membership, words)
    return render(request, "diagnostics/new_opportunity.html", shown)
