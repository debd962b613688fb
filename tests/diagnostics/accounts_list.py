"""What the tests of the accounts list share: a book with something of everything, and how its page is read."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.context import organization_context
from portfolio.models import Contact, Product, Subscription
from portfolio.people import hash_address, hash_name
from tests.diagnostics.diagnosed import MONTH_AGO, NIGHT, diagnose_by_hand, make_account

URL = "/o/acme/accounts/"


@pytest.fixture
def book(cast):
    """Three diagnosed accounts with a month behind them, one come in since, one gone, and a foreign one."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        ostberg = make_account(
            "Östberg Verken",
            source_id="SE-1",
            domain="ostberg.example",
            csm_email=cast.bob.email,
            country="SE",
            tier="enterprise",
            customer_since=date(2022, 3, 1),
        )
        kestrel = make_account("Kestrel Logistics", source_id="IE-7", am_email=cast.bob.email, country="IE", tier="smb")
        script = make_account("<script>alert(1)</script>", source_id="=cmd|calc", csm_email="dora@consulting.example")
        gone = make_account("Gone Ltd", source_id="gone")
        make_account("Newly Come", source_id="new")
        core = Product.objects.create(source_id="core", name="Core", core=True)
        Subscription.objects.create(
            source_id="s",
            account=gone,
            product=core,
            started_on=date(2024, 1, 1),
            ended_on=date(2026, 6, 1),
            mrr=Decimal(100),
            currency="EUR",
        )
        diagnose_by_hand((ostberg, {"health": 60.0}), (kestrel, {"health": 69.0, "potential": 83.0}), night=MONTH_AGO)
        diagnose_by_hand(
            (
                ostberg,
                {
                    "health": 41.0,
                    "potential": 72.0,
                    "arr": Decimal(121_000),
                    "segment": "defense_priority",
                    "lever": "retain",
                    "decision_on": NIGHT + timedelta(days=9),
                    "confidence": 0.8,
                },
            ),
            (
                kestrel,
                {
                    "health": 72.0,
                    "potential": 91.0,
                    "arr": Decimal(134_000),
                    "segment": "expansion_priority",
                    "lever": "upsell",
                    "decision_on": NIGHT + timedelta(days=59),
                    "confidence": 0.9,
                },
            ),
            (script, {"health": None, "potential": None, "arr": None, "sources": [0, 0, 0, 3], "confidence": 0.25}),
            continued=MONTH_AGO,
        )
        contact = Contact(account=kestrel, source_id="c", name="Ingrid Moe", email="ingrid@kestrel.example")
        contact.organization_id = cast.acme.id
        contact.email_hash = hash_address(cast.acme.id, "ingrid@kestrel.example")
        contact.name_hash = hash_name(cast.acme.id, "Ingrid Moe")
        contact.save()
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        foreign = make_account("Canary Islands Ltd", source_id="IE-7", csm_email=cast.bob.email)
        diagnose_by_hand((foreign, {}))
        sealed = Contact(account=foreign, source_id="c", name="Ingrid Moe", email="ingrid@kestrel.example")
        sealed.organization_id = cast.globex.id
        sealed.email_hash = hash_address(cast.globex.id, "ingrid@kestrel.example")
        sealed.name_hash = hash_name(cast.globex.id, "Ingrid Moe")
        sealed.save()
    cast.ostberg, cast.kestrel, cast.foreign = ostberg, kestrel, foreign
    return cast


SHORT = {"Östberg Verken": "O", "Kestrel Logistics": "K", "&lt;script&gt;alert(1)&lt;/script&gt;": "S"}


def read(client, query=""):
    response = client.get(f"{URL}{query}")
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def listed(client, query=""):
    """The first letters of the accounts on the page, in their order."""
    names = re.findall(r'data-key="Enter" hx-boost="false">([^<]*)</a>', read(client, query))
    return "".join(SHORT.get(name, name[0]) for name in names)


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
