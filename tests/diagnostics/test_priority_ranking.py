"""Which priority comes first, how many a person gets, and which subject speaks for an account."""

import polars as pl
import pytest

from accounts.context import service_context
from diagnostics.models import Priority
from diagnostics.priorities.candidates import round_to
from diagnostics.priorities.ranking import keep_first_left_out, keep_one_per_account, rank
from diagnostics.queries.today import find_account_priorities
from tests.diagnostics.priority_book import candidate, days_ago, leaving, tell, weighed

__all__ = ["leaving"]


def test_rank_is_by_effect_and_a_near_deadline_weighs_up_to_double():
    rows = [
        candidate("a", base=100.0),
        candidate("b", base=60.0, days=0),
        candidate("c", base=70.0, days=15),
        candidate("d", base=90.0, days=30),
        candidate("e", base=99.0, days=-5),
    ]
    assert tell(rank(weighed(rows), 10), "account_id", "effect", "urgency", "rank") == [
        ("b", 30.0, 2.0, 1),
        ("c", 35.0, 1.5, 2),
        ("a", 50.0, 1.0, 3),
        # A deadline that has passed hurries nobody.
        ("e", 49.5, 1.0, 4),
        ("d", 45.0, 1.0, 5),
    ]


def test_at_most_ten_a_person_and_what_is_left_out_says_why():
    rows = [candidate(f"b{n:02}", base=1000.0 - n) for n in range(25)]
    rows += [candidate("small", base=1.0), candidate("dora", base=5.0, owner="dora")]
    rows += [candidate("snoozed", base=5000.0, left_out="snoozed")]
    ranked = rank(weighed(rows), 10)
    by_account = {one.account_id: one for one in ranked}
    assert [by_account[f"b{n:02}"].rank for n in range(10)] == list(range(1, 11))
    assert {by_account[f"b{n:02}"].left_out for n in range(10, 25)} == {"more_than_ten"}
    assert (by_account["dora"].rank, by_account["dora"].left_out) == (1, "")
    # What is snoozed takes no place and sets no measure.
    assert (by_account["snoozed"].rank, by_account["snoozed"].left_out) == (None, "snoozed")
    assert by_account["small"].left_out == "below_threshold"
    kept, unlisted = keep_first_left_out(ranked)
    assert unlisted == {"bob": 6}
    assert len(kept) == len(ranked) - 6
    assert {one.account_id for one in kept if one.rank is None} == {"snoozed", *(f"b{n}" for n in range(10, 20))}


def test_one_subject_an_account_and_person_the_heaviest_speaks_for_the_others():
    rows = [
        candidate("a", base=10.0, kind="plan"),
        candidate("a", base=50.0, kind="sponsor"),
        candidate("a", base=20.0, kind="renewal", owner="am"),
    ]
    assert sorted(tell(keep_one_per_account(weighed(rows)), "owner_email", "kind", "also")) == [
        ("am", "renewal", []),
        ("bob", "sponsor", ["plan"]),
    ]


def test_a_subject_left_out_hides_none_that_waits():
    rows = [
        candidate("a", base=5_000.0, kind="upsell", left_out="dismissed"),
        candidate("a", base=3_000.0, kind="renewal"),
        candidate("a", base=1_000.0, kind="plan"),
        candidate("b", base=9_000.0, kind="price", left_out="cooldown"),
        candidate("b", base=None, kind="plan"),
    ]
    ranked = rank(keep_one_per_account(weighed(rows)), 10)
    assert sorted(tell(ranked, "account_id", "kind", "left_out", "also", "rank")) == [
        ("a", "renewal", "", ["plan"], 1),
        ("a", "upsell", "dismissed", [], None),
        # Nor does its amount stand for one that nobody knows.
        ("b", "plan", "", [], 2),
        ("b", "price", "cooldown", [], None),
    ]


def test_an_accounts_page_takes_what_waits_before_what_was_put_away(leaving):
    with service_context(leaving.acme.id):
        found = Priority.objects.get(night=days_ago(9))
        Priority.objects.filter(pk=found.pk).update(rank=None, left_out="dismissed", base=9_000, effect=9_000)
        named = {"account": found.account, "night": found.night, "owner_email": found.owner_email}
        amounts = {"base": 3_000, "effect": 3_000, "share": 1.0, "urgency": 1.0}
        Priority.objects.create(**named, **amounts, kind="renewal", subject="renewal", left_out="more_than_ten")
        listed = find_account_priorities(found.account_id, days_ago(9))
        assert [one.left_out for one in listed] == ["more_than_ten", "dismissed"]


def test_an_unknown_amount_is_listed_last_and_not_left_out():
    rows = [candidate("known", base=10.0), candidate("unknown", base=None)]
    assert tell(rank(weighed(rows), 10), "account_id", "effect", "rank") == [("known", 5.0, 1), ("unknown", None, 2)]


@pytest.mark.parametrize("digits", [1, 2, 4, 6])
def test_amounts_are_rounded_as_frames_round_them(digits):
    numbers = [n / 8 + m / 1000 for n in range(400) for m in (0, 1, 5, 15, 285)] + [1.115, 2.675, 1e15 + 0.5, -0.125]
    assert [round_to(number, digits) for number in numbers] == pl.Series(numbers).round(digits).to_list()
