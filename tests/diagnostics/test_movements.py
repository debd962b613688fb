"""What counts as a movement, since when, and by which cause."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from accounts.context import organization_context, service_context
from diagnostics.arrays import as_array
from diagnostics.models import Diagnosis, Movement, Night
from diagnostics.movements import pick_a_month_before
from diagnostics.moves import STOOD, Compared, find_moves
from diagnostics.night import run_nights
from diagnostics.queries.movements import MovementRow, read_account_movements, read_movements, summarize_movements
from portfolio.models import Account, Subscription
from tests.diagnostics.books import NIGHT, make_leaving_account

DAY = date(2026, 3, 10)
STEADY = {
    "account_id": "a",
    "arr": 1000.0,
    "health": 70.0,
    "health_was": 70.0,
    "month_health": 70.0,
    "was_month_health": 70.0,
    "segment": "regular_follow_up",
    "segment_was": "regular_follow_up",
    "lever": "",
    "lever_was": "",
    "limit_metric": None,
    "limit_metric_was": None,
    "days_left": None,
    "days_left_was": None,
    "noticed": None,
    "ends_on": None,
}
TYPES = (
    dict.fromkeys(("arr", "health", "health_was", "month_health", "was_month_health"), pl.Float64)
    | dict.fromkeys(("limit_on", "limit_on_was", "ends_on"), pl.Date)
    | dict.fromkeys(("limit_metric", "limit_metric_was"), pl.String)
    | {"noticed": pl.Boolean}
)


def moves(**changes) -> list[tuple]:
    """The moves of one account that is steady but for `changes`: kind, from, to, since, score, direction."""
    row, before = {**STEADY, **changes}, DAY - timedelta(days=1)
    for name, day in (("", DAY), ("_was", before)):
        left = row.pop(f"days_left{name}")
        row[f"limit_on{name}"] = None if left is None else day + timedelta(days=left)
    columns = {name: as_array(column) for name, column in pl.DataFrame([row], schema_overrides=TYPES).to_dict().items()}
    was = {name: columns[f"{name}_was"] for name in STOOD}
    month_ago = None if row["month_health"] is None else DAY - timedelta(days=30)
    found = find_moves(Compared(DAY, before, month_ago, np.arange(1), columns, was, columns))
    return [(one.kind, one.from_value, one.to_value, (DAY - one.since).days, one.score, one.direction) for one in found]


def test_a_steady_account_does_not_move():
    assert moves() == []
    assert moves(health=None, health_was=None, month_health=None) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"health": 65.0}, [("health_moved", 70.0, 65.0, 1, "health", -1.0)]),
        ({"health": 65.0625}, []),
        ({"health": 75.0}, [("health_moved", 70.0, 75.0, 1, "health", 1.0)]),
        # Seven points in thirty days, on the night that reaches them and on no other.
        ({"health": 63.0, "health_was": 64.0}, [("health_moved", 70.0, 63.0, 30, "health", -1.0)]),
        ({"health": 62.0, "health_was": 63.0}, []),
        ({"health": 63.0, "health_was": 64.0, "month_health": None}, []),
        # A leap in a night that also makes seven in thirty days is one movement.
        ({"health": 60.0}, [("health_moved", 70.0, 60.0, 1, "health", -1.0)]),
    ],
)
def test_health_moves(changes, expected):
    assert moves(**changes) == expected


DEFENSE, EXPANSION, REGULAR = "defense_priority", "expansion_priority", "regular_follow_up"


@pytest.mark.parametrize(
    ("was", "now", "kinds"),
    [
        (REGULAR, DEFENSE, ["entered_defense"]),
        (DEFENSE, REGULAR, ["left_defense"]),
        (REGULAR, EXPANSION, ["entered_expansion"]),
        (EXPANSION, REGULAR, ["left_expansion"]),
        (EXPANSION, DEFENSE, ["entered_defense"]),
        (DEFENSE, EXPANSION, ["left_defense", "entered_expansion"]),
    ],
)
def test_crossings(was, now, kinds):
    assert [move[0] for move in moves(segment_was=was, segment=now)] == kinds


def test_a_crossing_is_measured_over_thirty_days_where_they_are_known():
    crossing = {"segment": DEFENSE, "health": 58.0, "health_was": 59.0, "month_health": 75.0, "was_month_health": 75.0}
    assert moves(**crossing) == [("entered_defense", 75.0, 58.0, 30, "health", -1.0)]
    assert moves(**{**crossing, "month_health": None}) == [("entered_defense", 59.0, 58.0, 1, "health", -1.0)]


def test_levers_open_and_close_but_not_beside_the_crossing_that_says_it():
    assert [m[0] for m in moves(lever="upsell")] == ["lever_opened"]
    assert [m[0] for m in moves(lever_was="upsell")] == ["lever_closed"]
    assert [m[0] for m in moves(lever_was="upsell", lever="cross_sell")] == ["lever_opened"]
    assert [m[0] for m in moves(lever="retain")] == ["lever_opened"]
    assert [m[0] for m in moves(lever="retain", segment=DEFENSE)] == ["entered_defense"]
    assert [m[0] for m in moves(lever_was="retain", segment_was=DEFENSE)] == ["left_defense"]


@pytest.mark.parametrize(
    ("was", "left", "moved"),
    [(40, 30, True), (25, 24, False), (25, 22, False), (25, 21, True), (None, 20, True), (None, 31, False)],
)
def test_a_limit_comes_nearer_than_the_days_that_pass(was, left, moved):
    limit = {"limit_metric": "seats", "limit_metric_was": "seats" if was else None}
    found = moves(days_left_was=was, days_left=left, **limit)
    assert found == ([("limit_nearer", was, float(left), 1, "potential", 1.0)] if moved else [])


def test_the_night_a_month_before_is_the_newest_of_thirty_to_forty_five_days():
    days = [DAY - timedelta(days=n) for n in (1, 29, 31, 40, 46)]
    assert pick_a_month_before(DAY, days) == DAY - timedelta(days=31)
    assert pick_a_month_before(DAY, days[:2]) is None
    assert pick_a_month_before(DAY, days[4:]) is None


def test_a_notice_moves_its_account_on_its_night_only(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel", owner=cast.bob.email)
        make_leaving_account("Orvanta", owner=cast.bob.email, mrr="3000")
        Subscription.objects.filter(account__name="Kestrel").update(notice_given_on=NIGHT)
        Subscription.objects.filter(account__name="Orvanta").update(notice_given_on=NIGHT - timedelta(days=20))
    run_nights(cast.acme.id, [NIGHT - timedelta(days=2), NIGHT - timedelta(days=1), NIGHT])
    with service_context(cast.acme.id):
        assert list(Movement.objects.filter(kind="notice_given").values_list("account__name", "night", "arr")) == [
            ("Kestrel", NIGHT, 12000)
        ]


def test_the_cause_is_what_changed_most_in_the_direction_of_the_move(cast):
    """A hand-made night before: the engine's own night is compared with it."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        account = make_leaving_account("Kestrel", owner=cast.bob.email)
    before = NIGHT - timedelta(days=1)
    run_nights(cast.acme.id, [before])
    with service_context(cast.acme.id):
        row = Diagnosis.objects.get(night=before)
        fallen, risen = 5, 7
        row.points[fallen - 1], row.points[risen - 1] = 12.5, -12.5
        row.points[8] = 2.0
        Diagnosis.objects.filter(pk=row.pk).update(
            points=row.points, health=90.0, segment=EXPANSION, lever="upsell", lever_since=before
        )
    run_nights(cast.acme.id, [NIGHT])
    with service_context(cast.acme.id):
        found = {m.kind: (m.cause, m.cause_points) for m in Movement.objects.all()}
        assert found["lever_opened"] == (fallen, -12.5)
        assert found["left_expansion"] == (fallen, -12.5)
        assert Night.objects.get(night=NIGHT).movements == len(found)
        rows = read_account_movements(Account.objects.get(pk=account.pk), since=before, until=NIGHT, language="fr")
    assert [row.headline for row in rows if row.kind == "lever_opened"] == ["Levier ouvert : Fidéliser"]
    assert all("**−13**" in row.cause or "**−12" in row.cause for row in rows if row.kind == "lever_opened")


def make_row(number: int, account: int, kind: str, arr: int) -> MovementRow:
    return MovementRow(
        number, kind, "up", account, f"Account {account}", DAY, DAY, arr, None, None, "", "", kind, ""
    )  # fmt: skip


def test_the_summary_shows_an_account_once_and_counts_the_rest():
    rows = [make_row(n, n // 2, "health_moved" if n % 2 else "entered_defense", 100 - n) for n in range(14)]
    summary = summarize_movements(rows)
    assert [row.account_id for row in summary.largest] == [0, 1, 2, 3]
    assert (summary.total, summary.more) == (14, 10)
    assert summary.crossed == ["Account 4", "Account 5", "Account 6"]
    assert summarize_movements([]).total == 0


def test_movements_are_read_for_the_own_book_or_the_team(cast):
    from accounts.models import Membership

    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for name, owner in (("Kestrel", cast.bob.email), ("Nobody’s", ""), ("Dora’s", cast.dora.email)):
            make_leaving_account(name, owner=owner)
        Subscription.objects.update(notice_given_on=NIGHT)
    run_nights(cast.acme.id, [NIGHT - timedelta(days=1), NIGHT])
    found = {}
    for person in (cast.alice, cast.bob):
        with organization_context(organization_id=cast.acme.id, user_id=person.id):
            membership = Membership.objects.select_related("organization", "user").get(user=person)
            for scope in ("mine", "team"):
                rows = read_movements(membership, scope=scope, language="en")
                found[person.email, scope] = sorted({row.account_name for row in rows})
    assert found[cast.bob.email, "mine"] == ["Kestrel"]
    # An owner answers for what is nobody's.
    assert found[cast.alice.email, "mine"] == ["Nobody’s"]
    assert found[cast.bob.email, "team"] == found[cast.alice.email, "team"] == ["Dora’s", "Kestrel", "Nobody’s"]
