"""E-mail addresses that stand in sealed texts are found by their keyed hashes, without a text being opened."""

import pytest
from django.db import connection

from accounts.context import organization_context, service_context
from accounts.models import Membership
from accounts.rotation import rotate_organization
from portfolio import notes
from portfolio.models import Account, Interaction, Survey, Ticket
from portfolio.people import hash_address, hash_mentions

TICKETS = (
    "ticket_id,account_id,opened_at,subject,body,requester_email\n"
    'T1,A1,2026-03-01T10:00:00Z,Ask Ida.Moe@H.example,"Copied: <per@h.example>, ida.moe@h.example.",kim@h.example\n'
    "T2,A1,2026-03-02T10:00:00Z,No address,Nothing @ all,kim@h.example\n"
)
INTERACTIONS = (
    "interaction_id,account_id,kind,happened_at,text\nI1,A1,call,2026-03-01T10:00:00Z,She writes as ida.moe@h.example\n"
)
SURVEYS = (
    "survey_id,account_id,kind,answered_at,score,comment\nS1,A2,nps,2026-03-01T10:00:00Z,3,Ask ida.moe@h.example\n"
)


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Write to Ida.Moe@H.example.", ["ida.moe@h.example"]),
        ("<a@b.example>,mailto:c+x@d.co.example;(e_f@g.example)", ["a@b.example", "c+x@d.co.example", "e_f@g.example"]),
        ("twice a@b.example and A@B.EXAMPLE", ["a@b.example"]),
        ("zoë@müller.example\nline", ["zoë@müller.example"]),
        ("a@b, @c.example, d@, e@.example, f@g..example, @", []),
        ("x" * 65 + "@h.example", []),
        ("", []),
    ],
)
def test_what_counts_as_an_address(cast, text, addresses):
    acme = cast.acme.pk
    assert hash_mentions(acme, [text]) == sorted(hash_address(acme, address) for address in addresses)


def find_mentions(organization, address):
    """{source ids of what mentions the address}, by its hash alone."""
    digest = hash_address(organization.pk, address)
    with service_context(organization.pk):
        return {
            row.source_id
            for model in (Ticket, Interaction, Survey)
            for row in model.objects.all()
            if digest in [bytes(one) for one in row.mentioned_hashes]
        }


def test_addresses_in_imported_texts_are_hashed_for_their_organization(base, other_desk):
    base.drop({"tickets.csv": TICKETS, "interactions.csv": INTERACTIONS, "surveys.csv": SURVEYS})
    other_desk.drop({"accounts.csv": "account_id,name\nA1,Canary\nA2,Other\n", "surveys.csv": SURVEYS})
    assert find_mentions(base.organization, "IDA.MOE@h.example") == {"T1", "I1", "S1"}
    assert find_mentions(base.organization, "per@h.example") == {"T1"}
    # Who asked is a column of its own.
    assert find_mentions(base.organization, "kim@h.example") == set()
    assert find_mentions(other_desk.organization, "ida.moe@h.example") == {"S1"}
    with service_context(base.organization.pk), connection.cursor() as cursor:
        cursor.execute("SELECT mentioned_hashes FROM portfolio_survey")
        ((kept,),) = cursor.fetchall()
    assert kept != [hash_address(other_desk.organization.pk, "ida.moe@h.example")]
    assert b"ida" not in b"".join(kept)


def test_a_changed_text_is_hashed_anew_and_an_undo_gives_the_hashes_back(base):
    base.drop({"tickets.csv": TICKETS})
    changed = base.drop({"tickets.csv": TICKETS.replace("per@h.example", "liv@h.example")})
    assert base.counts(changed) == {"tickets.csv": (2, 0, 1, 1, 0)}
    assert find_mentions(base.organization, "per@h.example") == set()
    assert find_mentions(base.organization, "liv@h.example") == {"T1"}
    base.take_back(changed)
    assert find_mentions(base.organization, "per@h.example") == {"T1"}
    assert find_mentions(base.organization, "liv@h.example") == set()


def test_a_renewed_data_key_leaves_the_hashes_as_they_are(base):
    base.drop({"tickets.csv": TICKETS})
    assert rotate_organization(base.organization.pk).resealed == 2
    assert find_mentions(base.organization, "per@h.example") == {"T1"}
    again = base.drop({"tickets.csv": TICKETS})
    assert base.counts(again) == {"tickets.csv": (2, 0, 0, 2, 0)}


def test_a_note_is_hashed_as_it_is_written(base, cast):
    with organization_context(organization_id=cast.acme.pk, user_id=cast.alice.pk):
        alice, account = Membership.objects.get(user=cast.alice), Account.objects.get(source_id="A1")
        note = notes.write_note(membership=alice, account=account, text="Spoke to per@h.example")
    assert find_mentions(base.organization, "per@h.example") == {note.source_id}
