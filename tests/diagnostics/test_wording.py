"""Actions and own words: a verb, a person, a date or a price, in both languages."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from diagnostics.models import Priority
from diagnostics.priorities.wording import (
    ACTIONS,
    OWN_WORDS,
    ActionFacts,
    Person,
    action_date,
    choose_action,
    describe_action,
    describe_own_words,
)

NIGHT = date(2026, 11, 18)
INGRID = Person("Ingrid Moe", "COO")


def facts(kind: str, **more) -> ActionFacts:
    given = {"night": NIGHT, "language": "en", "currency": "EUR", "person": INGRID, **more}
    return ActionFacts(kind=kind, **given)


@pytest.mark.parametrize(
    ("given", "english", "french"),
    [
        (
            facts("retain", first_source="support", deadline=date(2026, 11, 27)),
            ("Call Ingrid Moe (COO) with a dated fix before **27\u00a0Nov**.", "Call Ingrid", "call"),
            (
                "Appelez Ingrid Moe (COO) avec une date de correction avant le **27\u00a0nov**.",
                "Appeler Ingrid",
                "call",
            ),
        ),
        (
            facts("retain", first_source="billing", deadline=date(2027, 6, 1)),
            ("Settle the open payments with Ingrid Moe (COO) before **2\u00a0Dec**.", "Write to Ingrid", "mail"),
            (
                "Réglez les paiements en suspens avec Ingrid Moe (COO) avant le **2\u00a0déc**.",
                "Écrire à Ingrid",
                "mail",
            ),
        ),
        (
            facts("retain", recovering=True),
            ("Confirm with Ingrid Moe (COO) that it holds. No offer yet.", "Write to Ingrid", "mail"),
            ("Vérifiez avec Ingrid Moe (COO) que cela tient. Pas encore d’offre.", "Écrire à Ingrid", "mail"),
        ),
        (
            facts("upsell", plan="Scale", base=Decimal(26000), deadline=date(2026, 12, 4)),
            (
                "Propose Scale to Ingrid Moe (COO), **+€26,000**. Window closes **4\u00a0Dec**.",
                "Write to Ingrid",
                "mail",
            ),
            (
                "Proposez Scale à Ingrid Moe (COO), **+26\u202f000\u00a0€**. La fenêtre se ferme le **4\u00a0déc**.",
                "Écrire à Ingrid",
                "mail",
            ),
        ),
        (
            facts("cross_sell", product="Flow", base=Decimal(46000), person=None),
            ("Show Flow to a decision-maker, **+€46,000**.", "Find a contact", "internal"),
            ("Présentez Flow à un décideur, **+46\u202f000\u00a0€**.", "Trouver un contact", "internal"),
        ),
        (
            facts("owner", person=None, deadline=date(2026, 11, 30)),
            ("Name a CSM for this account before **30\u00a0Nov**.", "Open the account", "internal"),
            ("Désignez un CSM pour ce compte avant le **30\u00a0nov**.", "Ouvrir", "internal"),
        ),
    ],
)
def test_actions(given, english, french):
    assert describe_action(given) == english
    # French months end in a point: the sentence has one, not two.
    assert describe_action(replace(given, language="fr")) == french


def test_every_action_and_every_kind_has_its_words():
    assert {kind for kind in Priority.Kind.values if kind != "retain"} <= ACTIONS.keys()
    for source in ("usage", "support", "billing", "crm", ""):
        assert choose_action(facts("retain", first_source=source)) in ACTIONS
    for code, (_channel, english, french) in ACTIONS.items():
        # Both languages name the same things.
        assert sorted(re.findall(r"{(\w+)}", english)) == sorted(re.findall(r"{(\w+)}", french)), code
        assert english.endswith(".")
        assert french.endswith(".")
    for english, french in OWN_WORDS.values():
        assert sorted(re.findall(r"{(\w+)}", english)) == sorted(re.findall(r"{(\w+)}", french))


def test_a_far_or_missing_deadline_gives_two_weeks():
    assert action_date(facts("retain")) == NIGHT + timedelta(days=14)
    assert action_date(facts("retain", deadline=NIGHT + timedelta(days=46))) == NIGHT + timedelta(days=14)
    assert action_date(facts("retain", deadline=NIGHT + timedelta(days=45))) == NIGHT + timedelta(days=45)
    assert action_date(facts("retain", deadline=NIGHT)) == NIGHT + timedelta(days=14)


def test_a_name_is_text_not_a_template():
    text, label, _channel = describe_action(facts("renewal", person=Person("{by} <b>", "{price}")))
    assert text.startswith("Open the renewal with {by} <b> ({price}) before")
    assert label == "Call {by}"


@pytest.mark.parametrize(
    ("kind", "told", "english"),
    [
        ("renewal", {"on": None, "until": "2026-12-01"}, "Decision on **1\u00a0Dec** and no exchange on record."),
        ("sponsor", {"on": "2026-11-06"}, "The sponsor **left on 6\u00a0Nov** and no other is known."),
        (
            "opportunity",
            {"on": "2026-09-03", "amount": 22000.0},
            "An opportunity of **€22,000** has not moved since **3\u00a0Sep**.",
        ),
        ("price", {"discount": 12.5}, "Pays **12.5%** below the list price."),
        ("price", {"discount": 12.0}, "Pays **12%** below the list price."),
        ("price", {"discount": None}, ""),
        ("retain", {"on": None, "until": None}, ""),
        ("upsell", {}, ""),
    ],
)
def test_own_words(kind, told, english):
    said = describe_own_words(kind, told, night=NIGHT, language="en", currency="EUR")
    assert said == english
    assert bool(describe_own_words(kind, told, night=NIGHT, language="fr", currency="EUR")) == bool(english)
