"""A book on the desk of Renewals, read as the page reads it."""

import re
from datetime import timedelta

import pytest

from accounts.context import organization_context
from accounts.models import Membership
from diagnostics.filters import AccountFilters
from diagnostics.queries.diagnosed import open_scope, read_nights
from diagnostics.queries.renewals import build_rows, read_desk
from portfolio.models import Account, Interaction
from tests.diagnostics.account_book import at
from tests.diagnostics.desks import NIGHT, TODAY, diagnose_by_hand, in_days, make_account, make_contract

URL = "/o/acme/renewals/"
PART = {"HX-Request": "true", "HX-Target": "renewals-part", "HX-Current-URL": f"http://testserver{URL}?window=60"}


@pytest.fixture
def book(cast):
    """Fragile Kestrel (12,000 in 8 days), healthy Orvanta (24,000 in 50), Dora's Late (6,000 in 100), Gone (notice)."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        kestrel = make_account("Kestrel <i>", source_id="K", csm_email=cast.bob.email)
        orvanta = make_account("Orvanta", source_id="O", am_email=cast.bob.email)
        late = make_account("Late", source_id="L", csm_email=cast.dora.email)
        gone = make_account("Gone", source_id="G", csm_email=cast.bob.email)
        make_contract(kestrel, decides_in=8)
        make_contract(orvanta, decides_in=50, mrr="2000")
        make_contract(late, decides_in=100, mrr="500")
        make_contract(
            gone,
            decides_in=10,
            mrr="300",
            ended_on=in_days(40),
            notice_given_on=TODAY - timedelta(days=5),
            end_reason="Group chose one tool",
        )
        Interaction.objects.create(source_id="m", account=orvanta, kind="meeting", happened_at=at(40))
        diagnose_by_hand(
            (kestrel, {"health": 41.0, "fragile": True, "renewal_risk": 0.5}),
            (orvanta, {"renewal_risk": 0.1}),
            (late, {"renewal_risk": 0.2}),
            (gone, {"health": 30.0, "fragile": True, "renewal_risk": 0.99}),
            night=NIGHT,
        )
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        canary = make_account("Canary Islands", source_id="C")
        make_contract(canary, decides_in=8)
        diagnose_by_hand((canary, {"fragile": True, "health": 20.0}), night=NIGHT)
    return cast


def desk_of(cast, who, *, window=90, **filters):
    with organization_context(organization_id=cast.acme.id, user_id=who.id):
        membership = Membership.objects.select_related("organization").get(user=who)
        membership.user = who
        return read_desk(open_scope(membership, AccountFilters(**filters), read_nights()), window=window)


def rows_of(cast, who, **options):
    desk = desk_of(cast, who, **options)
    with organization_context(organization_id=cast.acme.id, user_id=who.id):
        return build_rows(cast.acme, desk, desk.rows)[0]


def listed(client, query=""):
    page = client.get(f"{URL}{query}").content.decode()
    return "".join(name[0] for name in re.findall(r'data-key="Enter" hx-boost="false">([^<]*)</a>', page))


def account_id(cast, source_id):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return Account.objects.get(source_id=source_id).pk


def term(days=8, name="K-s"):
    return f"{in_days(days + 30).isoformat()}:{name}"
