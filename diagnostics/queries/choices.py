"""What the accounts of a book can be filtered by: the owners, countries and cohorts that occur in it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, ExtractYear
from django.utils.translation import gettext as _

from accounts.models import Membership
from diagnostics.filters import NONE
from portfolio.models import Account, Product


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, how it is shown, and how many accounts have it."""

    value: str
    label: str
    count: int


def read_choices(accounts: QuerySet[Account], field: str) -> list[Choice]:
    """The values of `owner`, `country` or `cohort` among `accounts`; raises KeyError for another field."""
    return _READERS[field](accounts)


def read_owner_names(emails: Iterable[str]) -> dict[str, str]:
    """The full names of the organization's members among these addresses."""
    members = Membership.objects.filter(user__email__in=list(emails)).values_list("user__email", "user__full_name")
    return {email: name for email, name in members if name}


def is_active_member(email: str) -> bool:
    """Whether the address is that of an active member of the organization; one query."""
    return Membership.objects.filter(user__email=email, status=Membership.Status.ACTIVE).exists()


def find_product(product_id: UUID) -> Product | None:
    """A product of the catalogue; None where there is none of this id."""
    return Product.objects.filter(pk=product_id).first()


def name_of(address: str) -> Coalesce:
    """The full name of the member who has an e-mail address; '' where nobody of the organization has it."""
    members = Membership.objects.filter(user__email=OuterRef(address))
    return Coalesce(Subquery(members.values("user__full_name")[:1]), Value(""))


def _owners(accounts: QuerySet[Account]) -> list[Choice]:
    counts: Counter[str] = Counter()
    pairs = accounts.order_by().values_list("csm_email", "am_email").annotate(count=Count("pk"))
    for csm, am, count in pairs:
        # One person in both roles owns the account once; nobody in either: it has no owner.
        for email in {csm, am} - {""} or {NONE}:
            counts[email] += count
    names = read_owner_names(counts)
    choices = [Choice(email, names.get(email, email), n) for email, n in counts.items() if email != NONE]
    choices.sort(key=lambda choice: choice.label.casefold())
    return choices + ([Choice(NONE, _("No owner"), counts[NONE])] if counts[NONE] else [])


def _countries(accounts: QuerySet[Account]) -> list[Choice]:
    counts = accounts.order_by("country").values_list("country").annotate(count=Count("pk"))
    named = [Choice(country, country, count) for country, count in counts if country]
    return named + [Choice(NONE, _("Unknown"), count) for country, count in counts if not country]


def _cohorts(accounts: QuerySet[Account]) -> list[Choice]:
    years = accounts.filter(customer_since__isnull=False).annotate(year=ExtractYear("customer_since"))
    counts = years.order_by("-year").values_list("year").annotate(count=Count("pk"))
    return [Choice(str(year), str(year), count) for year, count in counts]


_READERS: dict[str, Callable[[QuerySet[Account]], list[Choice]]] = {
    "owner": _owners,
    "country": _countries,
    "cohort": _cohorts,
}
CHOICE_FIELDS = tuple(_READERS)
