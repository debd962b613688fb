"""What is read only when it is asked for: a filter's choices, and the palette's search."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view
from diagnostics.filter_menus import LABELS, MenuWriter
from diagnostics.filters import MOST_TEXT, BadFilter, read_choice, read_filters
from diagnostics.queries.accounts import SORTS, find_accounts
from diagnostics.queries.choices import CHOICE_FIELDS, read_choices
from diagnostics.queries.diagnosed import choose_book
from diagnostics.queries.renewals import CALLS, STATES, WINDOWS
from diagnostics.views import expansion
from portfolio.books import accounts_in

# The parameters that each screen keeps beside the filters of its accounts, with what they may be.
SCREENS: dict[str, dict[str, tuple[str, ...]]] = {
    "accounts": {"sort": (*SORTS, *(f"-{key}" for key in SORTS))},
    "matrix": {"view": ("table",), "moves": ("off",)},
    "expansion": {"show": tuple(expansion.STATES), "offer": expansion.GROWTH, "stage": expansion.SHOWN_STAGES},
    "renewals": {"window": tuple(str(days) for days in WINDOWS), "show": tuple(STATES), "forecast": CALLS},
}


@require_GET
@organization_view("portfolio.view")
def filter_choices(request: MemberRequest, field: str) -> HttpResponse:
    """The owners, countries or cohorts of the book as links: a menu's content, or a page without script."""
    if field not in CHOICE_FIELDS:
        raise Http404
    screen = read_choice(request.GET, "screen", SCREENS, default="accounts")
    filters = read_filters(request.GET, further=("screen", *SCREENS[screen]))
    further = {name: read_choice(request.GET, name, known, default="") for name, known in SCREENS[screen].items()}
    writer = MenuWriter(screen=screen, slug=request.organization.slug, filters=filters, **further)
    book = accounts_in(choose_book(request.membership, filters.book), request.membership)
    shown = {
        "label": LABELS[field](),
        "options": writer.write_options(field, read_choices(book, field)),
        "clear_url": writer.url(filters.with_value(field, ())),
        "is_on": bool(getattr(filters, field)),
        "back_url": writer.url(filters),
    }
    template = "diagnostics/choices.html"
    return render(request, f"{template}#options" if request.headers.get("HX-Request") else template, shown)


@require_GET
@organization_view("portfolio.view")
def search(request: MemberRequest) -> HttpResponse:
    """The palette's answer; without script, the accounts list with the same words."""
    if set(request.GET) - {"q"} or len(request.GET.get("q", "")) > MOST_TEXT or "\0" in request.GET.get("q", ""):
        raise BadFilter
    words = request.GET.get("q", "").strip()
    if not request.headers.get("HX-Request"):
        path = reverse("accounts", args=[request.organization.slug])
        return redirect(f"{path}?{read_filters(request.GET).to_query()}" if words else path)
    return render(
        request, "diagnostics/search.html", {"found": find_accounts(request.membership, words), "words": words}
    )
