"""Voiced needs: found in inflected words of two languages, kept as places, read again only when something changed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.encryption import hash_for_lookup
from diagnostics.features import FeatureSettings, compute_features
from diagnostics.models import VoicedNeed
from diagnostics.needs import find_voiced_needs, locate_marks
from portfolio.models import Account, Interaction, Product, Subscription, Ticket
from tests.diagnostics.books import NIGHT

SAID = datetime.combine(NIGHT - timedelta(days=20), datetime.min.time(), UTC)


@pytest.fixture
def account(acme_context) -> Account:
    Product.objects.create(source_id="core", name="Core", core=True)
    Product.objects.create(source_id="flow", name="Flow", need_phrases="automate approvals; échange de créneaux")
    return Account.objects.create(source_id="A", name="Orvanta", customer_since=NIGHT - timedelta(days=500))


def add_ticket(account: Account, source_id: str, body: str, **fields: object) -> Ticket:
    # As an import does: the digest tells a changed text without opening it.
    digest = hash_for_lookup(account.organization_id, "text", body)
    return Ticket.objects.create(
        account=account, source_id=source_id, opened_at=SAID, body=body, sealed_digest=digest, **fields
    )


def read_found() -> list[tuple[str, str]]:
    """(product, the words at the place that was kept)."""
    found = []
    for need in VoicedNeed.objects.select_related("product", "ticket", "interaction").order_by("voiced_at", "column"):
        text = getattr(need.ticket or need.interaction, need.column)
        found.append((need.product.name, text[need.start : need.start + need.length]))
    return found


def test_inflected_words_are_found_in_both_languages_and_kept_as_places(account):
    add_ticket(account, "1", "We would like to automate approval of shifts.")
    add_ticket(account, "2", "Une question", subject="Échanges de créneaux entre magasins ?")
    add_ticket(account, "3", "Approvals are slow, nothing else.")
    Interaction.objects.create(
        account=account, source_id="i", kind="qbr", happened_at=SAID + timedelta(days=1), text="automating approvals"
    )
    assert find_voiced_needs() == 4
    assert read_found() == [
        ("Flow", "automate approval"),
        ("Flow", "Échanges de créneaux"),
        ("Flow", "automating approvals"),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(to_jsonb(n)::text, ' ') FROM diagnostics_voicedneed n")
        assert "automat" not in cursor.fetchone()[0]


def test_a_text_is_read_once_until_it_or_the_phrases_change(account):
    ticket = add_ticket(account, "1", "Please automate approvals.")
    assert find_voiced_needs() == 1
    assert find_voiced_needs() == 0
    ticket.body, ticket.sealed_digest = "Rosters take hours.", b"other"
    ticket.save()
    assert find_voiced_needs() == 1
    assert read_found() == []
    Product.objects.filter(source_id="flow").update(need_phrases="roster takes hours")
    assert find_voiced_needs() == 1
    assert read_found() == [("Flow", "Rosters take hours")]
    Product.objects.filter(source_id="flow").update(need_phrases="")
    assert find_voiced_needs() == 0
    assert read_found() == []


def hear(account: Account, phrases: str, said: list[str]) -> list[str]:
    """The words that these phrases are found by, in the order of the texts."""
    Product.objects.filter(source_id="flow").update(need_phrases=phrases)
    for number, text in enumerate(said):
        add_ticket(account, f"{number:02}", text)
        Ticket.objects.filter(source_id=f"{number:02}").update(opened_at=SAID + timedelta(minutes=number))
    find_voiced_needs()
    return [words for _product, words in read_found()]


ENGLISH = [
    "We are planning rotations for the whole team this summer.",
    "Can you plan rotation and absence for us?",
    "They planned rotations by hand.",
]
FRENCH = [
    "Nous devons planifier les rotations de toute l’équipe.",
    "Nous avons planifié une rotation pour vous.",
    "Les équipes planifiaient des rotations à la main.",
]


@pytest.mark.parametrize(
    ("phrases", "found"),
    [
        ("en: plan rotation", ["planning rotations", "plan rotation", "planned rotations"]),
        (
            "FR : planifier une rotation",
            ["planifier les rotations", "planifié une rotation", "planifiaient des rotations"],
        ),
        # Of no language: by the rules of whichever language the text is in.
        (
            "plan rotation; planifier des rotations",
            [
                *("planning rotations", "plan rotation", "planned rotations"),
                *("planifier les rotations", "planifié une rotation", "planifiaient des rotations"),
            ],
        ),
    ],
)
def test_inflected_words_are_found_by_the_rules_of_their_language(account, phrases, found):
    assert hear(account, phrases, [*ENGLISH, *FRENCH]) == found


FRIENDS = [
    "Our location has changed: please send the invoices to the new one.",  # English, a place
    "Nous cherchons une solution pour la location de nos engins.",  # French, a rental
    "We cannot locate the report that you sent us.",  # English, and of the same English stem
    "Nous suivons le plan que vous nous avez envoyé.",  # French; "planning" has the stem "plan" in English only
    "Nous voulons un outil de planning pour les équipes.",
]


@pytest.mark.parametrize(
    ("phrases", "found"),
    [
        ("fr:location", ["location"]),
        ("en:location", ["location", "locate"]),
        ("location", ["location", "location", "locate"]),
        ("fr:planning", ["planning"]),
        ("planning", ["planning"]),
        ("en:planning", []),
    ],
)
def test_a_phrase_of_one_language_has_no_false_friend_in_the_other(account, phrases, found):
    assert hear(account, phrases, FRIENDS) == found


def test_a_text_whose_language_cannot_be_told_is_searched_by_both(account):
    said = ["Locations ?", "Location.", "PLANNED ROTATIONS"]
    assert hear(account, "fr:location; en:plan rotation", said) == ["Locations", "Location", "PLANNED ROTATIONS"]


def test_another_language_of_a_phrase_reads_the_texts_again(account):
    said = ["Our location has changed and we need the invoices."]
    assert hear(account, "fr:location", said) == []
    assert find_voiced_needs() == 0
    Product.objects.filter(source_id="flow").update(need_phrases="en:location")
    assert find_voiced_needs() == 1
    assert read_found() == [("Flow", "location")]


@pytest.mark.parametrize(
    "words", ["en:", "fr: ; en:", "'; DROP TABLE x; --", "a & | ! ( :*", "%s %(x)s \\ \x01", "", "."]
)
def test_no_phrase_and_no_text_breaks_the_search(account, words):
    Product.objects.filter(source_id="flow").update(need_phrases=words or ";")
    add_ticket(account, "1", f"before {words} after")
    find_voiced_needs()


def read_features(account: Account, night=NIGHT) -> dict:
    with connection.cursor() as cursor:
        settings = FeatureSettings(time_zone="Europe/Paris", currency="EUR")
        frame = compute_features(cursor, account.organization_id, night, settings)
    return frame.row(0, named=True)


def test_the_features_count_products_not_paid_for_and_nothing_later(account):
    add_ticket(account, "1", "Please automate approvals.")
    find_voiced_needs()
    flow = Product.objects.get(source_id="flow")
    row = read_features(account)
    assert (row["needs_voiced"], row["need_on"], row["voiced_product_id"]) == (1, SAID.date(), str(flow.id))
    assert read_features(account, SAID.date() - timedelta(days=1))["needs_voiced"] is None
    Subscription.objects.create(
        account=account, source_id="s", product=flow, started_on=NIGHT - timedelta(days=1), mrr=10, currency="EUR"
    )
    assert read_features(account)["needs_voiced"] is None


def test_without_phrases_nobody_has_looked(account):
    Product.objects.filter(source_id="flow").update(need_phrases="")
    assert read_features(account)["needs_voiced"] is None


@pytest.mark.parametrize(
    ("marked", "place"),
    [
        ("\x01need\x02 it", (0, 4)),
        ("we \x01automate\x02 the \x01approvals\x02 now", (3, 22)),
        ("\x01automate\x02. Much later and far away \x01approvals\x02", (0, 8)),
    ],
)
def test_marks_become_places(marked, place):
    assert locate_marks(marked) == place
