"""Which KPIs an address asks for: book, period, grouping; and the addresses that its switches lead to."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self, cast
from urllib.parse import urlencode

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models.organizations import Visibility
from accounts.web import MemberRequest
from diagnostics.filters import BadFilter, read_choice
from diagnostics.kpis.calendar import LENGTHS, Every
from diagnostics.kpis.declarations import Kpi, find_kpi
from diagnostics.kpis.groups import BYS, By
from diagnostics.night import last_ended_day
from diagnostics.queries.diagnosed import choose_book
from diagnostics.queries.kpi_cohorts import MEASURES
from diagnostics.queries.kpi_scope import Kept, KpiScope, choose_period, find_kept

DEFAULTS = {"every": "quarter", "period": "", "book": "", "by": "tier", "group": "", "map": "nrr"}
MOST_GROUP = 254


@dataclass(frozen=True, slots=True)
class KpiAddress:
    """The parameters of a KPI screen's URL; one that holds its default is left out of it."""

    slug: str
    every: Every = "quarter"
    period: str = ""
    book: str = ""
    by: By = "tier"
    group: str = ""
    map: str = "nrr"

    def url(self, name: str = "kpis", *arguments: Any, **changes: str) -> str:
        """The address of a screen with some parameters changed."""
        values = {**asdict(self), **changes}
        query = {key: values[key] for key, default in DEFAULTS.items() if values[key] != default}
        path = reverse(name, args=[self.slug, *arguments])
        return f"{path}?{urlencode(query)}" if query else path

    def with_period(self, period: str) -> Self:
        """The same of another period."""
        return replace(self, period=period)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The parameters as a form carries them."""
        values = asdict(self)
        return [(key, values[key]) for key, default in DEFAULTS.items() if values[key] != default]


def read_address(request: MemberRequest) -> KpiAddress:
    """The URL's parameters; raises BadFilter for one that it does not know."""
    query = request.GET
    _refuse_unknown(query)
    return KpiAddress(
        slug=request.organization.slug,
        every=cast("Every", read_choice(query, "every", LENGTHS, default="quarter")),
        period=query.get("period", ""),
        book=read_choice(query, "book", Visibility.values, default=""),
        by=cast("By", read_choice(query, "by", BYS, default="tier")),
        group=query.get("group", "").replace("\0", "")[:MOST_GROUP],
        map=read_choice(query, "map", MEASURES, default="nrr"),
    )


def open_kpi_scope(request: MemberRequest, address: KpiAddress, kept: Kept) -> KpiScope:
    """The book and period that an address names, kept within what the member may see; raises BadFilter."""
    organization = request.organization
    period = choose_period(organization, address.every, address.period, kept)
    if period is None:
        raise BadFilter(_("There is no period named “%(period)s” here.") % {"period": address.period[:40]})
    return KpiScope(
        organization=organization,
        membership=request.membership,
        book=choose_book(request.membership, address.book),
        period=period,
        today=last_ended_day(organization, kept.computed_at),
    )


def require_scope(request: MemberRequest, address: KpiAddress) -> KpiScope:
    """The same for a screen that has nothing to say before the series is computed: Http404 then."""
    kept = find_kept(address.every)
    if kept is None:
        raise Http404
    return open_kpi_scope(request, address, kept)


def access_kpi(name: str) -> Kpi:
    """The declaration of a name as URLs carry it; Http404 for one that is not declared."""
    try:
        kpi, detail = find_kpi(name)
    except KeyError:
        raise Http404 from None
    if detail and detail not in kpi.details:
        raise Http404
    return kpi


def may_see_person(request: MemberRequest, email: str) -> bool:
    """Whether figures of one person's book are shown to the member: one's own always, others' by the switch."""
    return request.organization.figures_per_person or email == request.user.email.lower()


def _refuse_unknown(query: QueryDict) -> None:
    unknown = set(query) - set(DEFAULTS) - {"page"}
    if unknown:
        raise BadFilter(_("There is no filter named %(name)s.") % {"name": ", ".join(sorted(unknown))})
    for name, values in query.lists():
        if len(values) > 1:
            raise BadFilter(_("%(name)s cannot be “%(value)s”.") % {"name": name, "value": ", ".join(values)[:40]})
