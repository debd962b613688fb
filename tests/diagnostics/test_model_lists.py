"""The preview of a draft: how the day's lists would change, by the code that writes them, and writing nothing."""

import polars as pl
import pytest
from django.db import connection

from accounts.models import Organization
from diagnostics.book import DiagnosedBook, feature_settings
from diagnostics.engine import diagnose
from diagnostics.features import compute_features
from diagnostics.model_desk import open_desk
from diagnostics.model_lists import Lists, ListShift, summarize_lists
from diagnostics.models import ModelDraft, Night, Priority
from diagnostics.priorities.writing import write_priorities
from diagnostics.writing import read_state
from tests.diagnostics.books import NIGHT
from tests.diagnostics.model_book import FRAGILE, URL, diagnosed_book, inside, read, write


def listed(*rows):
    return pl.DataFrame(
        [
            {"owner_email": owner, "account_id": account, "kind": kind, "rank": rank, "effect": effect}
            for owner, account, kind, rank, effect in rows
        ],
        schema={
            "owner_email": pl.String,
            "account_id": pl.String,
            "kind": pl.String,
            "rank": pl.Int16,
            "effect": pl.Float64,
        },
    )


def test_who_enters_leaves_and_changes_rank_person_by_person():
    before = listed(
        ("bob", "a", "retain", 1, 9.0),
        ("bob", "b", "upsell", 2, 8.0),
        ("bob", "c", "plan", 3, 7.0),
        ("bob", "d", "plan", None, 1.0),  # found no place
        ("dora", "e", "retain", 1, 5.0),
        ("eve", "f", "renewal", 1, 5.0),
    )
    after = listed(
        ("bob", "b", "upsell", 1, 12.0),
        ("bob", "d", "plan", 2, 6.0),
        ("bob", "c", "sponsor", 3, 5.0),
        ("dora", "e", "retain", 1, 4.0),
        ("", "f", "owner", 1, 5.0),
    )
    found = summarize_lists(before, after)
    assert found.people == [
        ListShift("bob", enter=1, leave=1, move=1, stay=1, after=3),
        ListShift("", enter=1, leave=0, move=0, stay=0, after=1),
        ListShift("eve", enter=0, leave=1, move=0, stay=0, after=0),
    ]
    assert found.unchanged_people == 1  # another effect is no other list
    assert [(r.owner, r.account_id, r.kind, r.kind_after, r.rank, r.rank_after, r.effect) for r in found.rows] == [
        ("", "f", "", "owner", None, 1, 5.0),
        ("bob", "b", "upsell", "upsell", 2, 1, 12.0),
        ("bob", "d", "", "plan", None, 2, 6.0),
        ("bob", "c", "plan", "sponsor", 3, 3, 5.0),
        ("bob", "a", "retain", "", 1, None, 9.0),
        ("eve", "f", "renewal", "", 1, None, 5.0),
    ]
    assert Lists.from_json(found.to_json()) == found


def test_two_empty_books_change_nothing():
    assert summarize_lists(listed(), listed()) == Lists([], [], 0, 0)


def written_by(organization, model) -> dict[tuple[str, str], tuple[str, int]]:
    """The ranks that a night really writes over last night's facts, by owner and account; then taken back."""
    night = Night.objects.get()
    with connection.cursor() as cursor:
        features = compute_features(cursor, organization.id, NIGHT, feature_settings(organization))
        state = read_state(cursor, organization.id, NIGHT)
        diagnoses = diagnose(features, model, NIGHT, state)
        book = DiagnosedBook(organization, NIGHT, night.model_version, model, NIGHT, state, features, diagnoses)
        before = list(Priority.objects.values("pk"))
        write_priorities(cursor, book)
    ranked = Priority.objects.filter(rank__isnull=False)
    assert list(Priority.objects.values("pk")) != before
    return {(one.owner_email, str(one.account_id)): (one.kind, one.rank) for one in ranked}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "draft", [FRAGILE | {"thresholds.fragile_nights": "1"}, {"organization.priorities_a_day": "2"}]
)
def test_the_preview_is_the_difference_of_what_two_nights_would_write(cast, client_for, draft):
    diagnosed_book(cast, owner=cast.bob.email, leaving=4)
    write(cast, draft)
    with inside(cast):
        stood = list(Priority.objects.order_by("pk").values())
    page = read(client_for(cast.alice), f"{URL}preview/")
    part = client_for(cast.alice).get(URL).content.decode()
    with inside(cast):
        assert list(Priority.objects.order_by("pk").values()) == stood
        lists = Lists.from_json(ModelDraft.objects.get().preview["lists"])
        organization = Organization.objects.get()
        desk = open_desk(organization)
        was = written_by(organization, desk.in_force)
        for name, value in desk.settings.items():
            setattr(organization, name, value)
        now = written_by(organization, desk.model)
        assert Organization.objects.get().priorities_a_day == 10
    changed = {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
    assert changed
    assert {(row.owner, row.account_id) for row in lists.rows} == changed
    for row in lists.rows:
        key = (row.owner, row.account_id)
        assert (row.kind, row.rank) == was.get(key, ("", None))
        assert (row.kind_after, row.rank_after) == now.get(key, ("", None))
        assert f"/o/acme/accounts/{row.account_id}/" in page
    [bob] = lists.people
    assert (bob.enter, bob.leave) == (len(now.keys() - was.keys()), len(was.keys() - now.keys()))
    assert bob.after == len(now)
    for text in (page, part):
        assert '<th scope="row">Bob</th>' in text


@pytest.mark.django_db
def test_a_draft_that_moves_no_list_says_so(cast, client_for):
    diagnosed_book(cast, 3, owner=cast.bob.email)
    write(cast, {"thresholds.high_potential_until": "50"})
    assert "No list of priorities changes" in read(client_for(cast.alice), f"{URL}preview/")
