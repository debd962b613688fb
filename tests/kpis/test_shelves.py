"""The shelves: whatever accounts are chosen, they add up to what is computed from the facts, to the last decimal."""

import random
import uuid
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import polars as pl
import pytest

from accounts.models import Membership, Team
from accounts.models.organizations import Visibility
from diagnostics.kpis import shelving
from diagnostics.kpis.calendar import frame_periods, list_periods
from diagnostics.kpis.frames import MONEY
from diagnostics.kpis.groups import BYS, Groups
from diagnostics.kpis.packing import pack, stack, unpack
from diagnostics.kpis.series import rebuild_series
from diagnostics.kpis.slim import Slim, slim
from diagnostics.models import KpiShelf, KpiShelfPeriod
from diagnostics.queries import kpi_lists, kpi_series
from diagnostics.queries.kpi_cohorts import MEASURES, read_cohorts
from diagnostics.queries.kpi_scope import KpiScope, choose_period, find_kept
from diagnostics.queries.kpi_shelf import open_shelves
from portfolio.models import Account, AccountHistory, Subscription
from tests.diagnostics.diagnosed import diagnose_by_hand
from tests.kpis.books import make_account, subscribe

TODAY = date(2026, 5, 20)
BOB, DORA, ANA = "bob@acme.example", "dora@both.example", "ana@acme.example"


@pytest.fixture
def book(cast, acme_context, monkeypatch):
    """Nine accounts of three owners on shelves of four: sisters, an owner who changed, growth, loss, health."""
    monkeypatch.setattr(shelving, "SHELF_ACCOUNTS", 4)
    bob, dora = cast.bob.email.lower(), cast.dora.email.lower()
    top = make_account("top", tier="enterprise", am_email=bob, csm_email=dora)
    sister = make_account("sister", tier="enterprise", parent=top, csm_email=bob)
    moved = make_account("moved", tier="smb", am_email=dora, csm_email=bob)
    others = [make_account(f"a{n}", tier="mid_market", am_email=(bob, dora, ANA)[n % 3]) for n in range(6)]
    subscribe(top, 1000, "2025-02-01", "2026-03-10", term_months=12)
    subscribe(top, "1300.3333", "2026-03-10", term_months=12)
    subscribe(sister, 300, "2024-06-01", "2026-04-01", term_months=12)
    subscribe(moved, 50, "2024-02-11", term_months=1)
    for number, account in enumerate(others):
        subscribe(account, 70 + number, "2024-11-01", f"2026-0{number % 3 + 3}-09", term_months=12)
        subscribe(account, 90 - number * 7, f"2026-0{number % 3 + 3}-09", term_months=12, notice_days=20)
    subscribe(make_account("nobody's"), 20, "2026-05-02")
    for day, owner in ((date(2024, 1, 1), ANA), (date(2026, 4, 15), dora)):
        AccountHistory.objects.create(account=moved, field="am_email", from_on=day, value=owner)
    AccountHistory.objects.create(account=sister, field="tier", from_on=date(2025, 1, 1), value="smb")
    diagnose_by_hand(
        *((account, {"health": 30.0, "renewal_risk": 0.4}) for account in (top, moved, *others)), night=TODAY
    )
    Membership.objects.filter(user__in=[cast.bob, cast.dora]).update(team=Team.objects.create(name="North"))
    rebuild_series(cast.acme.id, today=TODAY)
    return cast


def scope_of(cast, book, every="quarter", label=""):
    membership = Membership.objects.select_related("organization", "user").get(user=cast.bob)
    period = choose_period(membership.organization, every, label, find_kept(every))
    return KpiScope(membership.organization, membership, book, period, TODAY)


def read_both(cast, book, every="quarter", by="tier", label=""):
    """(from the shelves, computed): each of its own scope, so that neither knows what the other has read."""
    wanted = tuple(dict.fromkeys((by, "value_segment")))
    found = []
    for read in (kpi_series._read_shelved, kpi_series.compute_series):
        scope = scope_of(cast, book, every, label)
        found.append(read(scope, scope.periods(find_kept(every)), wanted))
    return found


def same(one, other):
    return (one.whole, one.groups) == (other.whole, other.groups)


@pytest.mark.parametrize("book_of", ["own", "team"])
@pytest.mark.parametrize("every", ["quarter", "month"])
def test_a_book_on_the_shelves_is_what_is_computed(book, book_of, every):
    for by in BYS:
        shelved, computed = read_both(book, book_of, every, by)
        assert shelved.whole == computed.whole
        assert (shelved.groups, shelved.unlisted) == (computed.groups, computed.unlisted)
        for measure in MEASURES:
            assert read_cohorts(shelved, measure) == read_cohorts(computed, measure)
    assert len(shelved.now.figures) > 40
    assert shelved.now.figures["value_at_risk"].numerator > 0
    assert len(read_cohorts(shelved, "nrr").cohorts) > 1


def test_of_many_parents_the_largest_are_listed_and_the_rest_counted(book, monkeypatch):
    monkeypatch.setattr(kpi_series, "MOST_PARENTS", 2)
    for series in read_both(book, "team", by="parent"):
        assert [group.group for group in series.groups["parent"]] == ["a0", "top"]
        assert series.unlisted == {"parent": 4}


def test_the_team_is_more_than_the_own_book(book):
    own, team = (read_both(book, book_of)[0].now for book_of in ("own", "team"))
    assert (own.accounts, team.accounts) == (5, 7)


def test_an_account_that_changed_hands_is_at_once_in_its_new_book_alone(book):
    before = read_both(book, "own")[0].now
    Account.objects.filter(source_id="a0").update(am_email=ANA)
    Account.objects.filter(source_id="a5").update(am_email=book.bob.email.lower())
    shelved, computed = read_both(book, "own")
    assert same(shelved, computed)
    assert shelved.now.figures["arr_end"] != before.figures["arr_end"]
    shelved, computed = read_both(book, "own", "month")
    assert same(shelved, computed)
    Account.objects.update(am_email=ANA, csm_email="")
    assert read_both(book, "own")[0].whole == {}


def test_every_list_is_that_of_the_facts(book):
    """Of one's own book, the team's and all, whole and by group: rows, total and what is not there."""
    compared = 0
    for book_of in Visibility.values:
        for label in ("", "2026-Q1"):
            scope = scope_of(book, book_of, label=label)
            names = kpi_series.read_kpis(scope, find_kept("quarter"), "tier").now.figures
            for name in names:
                if not name.startswith("expected_loss:"):
                    compared += compare_list(scope, name)
            for by, groups in (
                ("value_segment", "ABC"), ("tier", ("smb", "enterprise")), ("owner", (book.bob.email, ANA)),
                ("cohort", ("2024-Q4", "2025-Q1")), ("parent", ("top", "a1")),
            ):  # fmt: skip
                for group in groups:
                    compared += compare_list(scope, "nrr", by, group) + compare_list(scope, "renewal_rate", by, group)
    assert compared > 250


def compare_list(scope, name, by=None, group=""):
    def rows(found):
        parts, names = found
        listed = parts.drop_nulls("top").join(names, on="account_id").select("source_id", "top", "bottom")
        summed = listed.group_by("source_id").agg(pl.col("top").sum(), pl.col("bottom").sum())
        return sorted(row for row in summed.rows() if row[1] or row[2]), bool(parts.height)

    shelved = rows(kpi_lists._read_shelved(scope, name, by, group))
    assert shelved == rows(kpi_lists._compute(scope, name, by, group)), (name, by, group)
    return bool(shelved[0])


def test_a_second_rebuild_touches_nothing_and_late_facts_what_they_change(book):
    def read():
        rows = [*KpiShelf.objects.values_list("digest"), *KpiShelfPeriod.objects.values_list("number", "digest", "pk")]
        return sorted(map(str, rows))

    before = read()
    rebuild_series(book.acme.id, today=TODAY)
    assert read() == before
    Subscription.objects.filter(source_id="a1-core").update(mrr=Decimal(85))
    rebuild_series(book.acme.id, today=TODAY)
    assert read() != before
    assert same(*read_both(book, "team"))


def test_a_piece_is_packed_the_same_whatever_stands_before_it(monkeypatch):
    monkeypatch.setattr(shelving, "SHELF_ACCOUNTS", 100)
    ids = [f"{n:08}-0000-0000-0000-000000000000" for n in range(500)]
    numbered = pl.Enum(ids)
    accounts = pl.DataFrame(
        {"account_id": ids, "source_id": ids, "tier": "smb", "csm_email": BOB, "am_email": ids},
        schema_overrides={"account_id": numbered},
    )
    periods = list_periods(date(2026, 4, 1), date(2026, 4, 30), "month")
    groups = Groups(
        periods=frame_periods(periods, TODAY),
        balances=pl.DataFrame(schema={"period": pl.String, "place": pl.Int32, "account_id": numbered, "base": MONEY}),
        cohorts=pl.DataFrame(schema={"account_id": numbered, "cohort": pl.String}),
        parents=pl.DataFrame(schema={"account_id": numbered, "parent": numbered}),
        accounts=accounts,
        history=pl.DataFrame(schema={"account_id": numbered, "field": pl.String}),
    )
    order = shelving.arrange_accounts(accounts)
    drawn = random.Random(1)
    amounts = [None if drawn.random() < 0.3 else Decimal(n) for n in range(500)]
    rows = pl.DataFrame(
        {"period": "2026-04", "account_id": ids, "owner_on": date(2026, 4, 30), "nrr": amounts},
        schema_overrides={"account_id": numbered, "nrr": MONEY},
    )

    def pack_shelves(rows):
        recent = shelving._find_recent([Slim(rows)], order, ["2026-04"])
        split = shelving._split_parts(SimpleNamespace(groups=groups), order, recent, ["2026-04"])
        return {shelf: pack(tables) for (_period, shelf), (tables, _others) in split.items()}

    whole, one_less = pack_shelves(rows), pack_shelves(rows.slice(1))
    assert [shelf for shelf in whole if whole[shelf] != one_less[shelf]] == [0]


def test_what_is_older_than_the_shelves_is_computed(book, monkeypatch):
    scope = scope_of(book, "own")
    assert open_shelves(scope).cover(scope.periods(find_kept("quarter")))
    monkeypatch.setitem(shelving.SHELVED, "quarter", 3)
    rebuild_series(book.acme.id, today=TODAY)
    kept = find_kept("quarter")
    scope = scope_of(book, "own")
    assert kpi_series._read_shelved(scope, scope.periods(kept), ("tier",)) is None
    series = kpi_series.read_kpis(scope, kept, "tier")
    assert series.portfolio is not None
    assert series.now.figures["arr_end"].numerator > 0
    assert KpiShelfPeriod.objects.filter(every="quarter").values("first_on").distinct().count() == 3


def test_places_of_a_shelf_that_was_filled_anew_are_not_read(book):
    """A page between two statements of which a rebuild ends: it computes instead of reading others' figures."""
    Account.objects.filter(source_id="a0").update(am_email=ANA)
    scope = scope_of(book, "own")
    periods = scope.periods(find_kept("quarter"))
    shelves = open_shelves(scope)
    assert shelves.sum_periods(periods) is not None
    make_account("aa", am_email="a@acme.example")
    rebuild_series(book.acme.id, today=TODAY)
    assert shelves.sum_periods(periods) is None


@pytest.mark.parametrize("taken", ["shelf", "period"])
def test_accounts_of_a_shelf_that_was_taken_away_meanwhile_are_not_left_out(book, taken):
    """Between the two statements of a page a rebuild takes the shelf, or a period of it: the page computes instead."""
    Account.objects.filter(source_id="a0").update(am_email=ANA)
    scope = scope_of(book, "own")
    periods = scope.periods(find_kept("quarter"))
    shelves = open_shelves(scope)
    apart = [shelf.number for shelf in shelves.own if shelf.split()[1].len()]
    assert apart
    assert shelves.sum_periods(periods) is not None
    gone = KpiShelfPeriod.objects.filter(every="quarter", number=apart[-1])
    (gone if taken == "shelf" else gone.filter(first_on=periods[-1].first)).delete()
    assert shelves.sum_periods(periods) is None


def test_an_organization_without_subscriptions_has_empty_shelves(book):
    Subscription.objects.all().delete()
    rebuild_series(book.acme.id, today=TODAY)
    assert not KpiShelf.objects.exists()
    assert not KpiShelfPeriod.objects.exists()


def test_parcels_are_never_torn_and_long_ones_are_cut(monkeypatch):
    monkeypatch.setattr(shelving, "SHELF_ACCOUNTS", 10)
    pairs = ["a"] * 7 + ["b"] * 9 + ["c"] * 25 + ["d"]
    accounts = pl.DataFrame(
        {"account_id": [str(uuid.UUID(int=n)) for n in range(len(pairs))], "am_email": pairs, "csm_email": ""}
    )
    order = shelving.arrange_accounts(accounts)
    assert order.group_by("shelf", maintain_order=True).len().rows() == [(0, 16), (1, 10), (2, 10), (3, 5), (4, 1)]
    parcels = order.group_by("in_parcel", maintain_order=True).len()["len"].to_list()
    assert parcels == [7, 9, 10, 10, 5, 1]
    assert order.filter(pl.col("shelf") == 1)["place"].to_list() == list(range(1, 11))


def test_a_slim_frame_says_what_it_said():
    amounts = {
        "a": [1, None, 0],
        "b": [1, None, 0],
        "c": [0, 0, 0],
        "d": [1, 0, 0],
        "e": [None, None, None],
        "f": [0, 1, None],
    }
    frame = pl.DataFrame({"period": ["p", "p", "q"], **amounts}, schema_overrides=dict.fromkeys(amounts, MONEY))
    part = slim(frame)
    assert part.same == {"b": "a", "c": ""}
    assert part.whole().select(frame.columns).equals(frame)


def test_a_slim_frame_splits_by_names():
    amounts = {"a": [1, 2], "b": [1, 2], "c": [0, 0], "d": [1, 2], "e": [3, 4]}
    part = slim(pl.DataFrame({"period": ["p", "q"], **amounts}, schema_overrides=dict.fromkeys(amounts, MONEY)))
    first, second = part.split({"a", "c"})
    assert sorted(first.whole().columns) == ["a", "c", "period"]
    assert sorted(second.whole().columns) == ["b", "d", "e", "period"]
    for half in (first, second):
        assert half.whole().equals(part.whole().select(half.whole().columns))
    assert second.frame.columns == ["period", "e", "b"]


def test_packed_frames_are_what_they_were_and_open_by_kpi():
    frame = pl.DataFrame(
        {"on_shelf": [1, 2], "nrr": ["1.5", None], "nrr/": ["12345678901234567890.000000000001", "2"]},
        schema_overrides={"nrr": MONEY, "nrr/": MONEY},
    )
    parts = [Slim(frame, {"grr/": "nrr/", "arr_fx": ""}), Slim(frame.select("on_shelf", other="nrr"))]
    packed = pack(parts)
    assert [(part.frame.rows(), part.same) for part in unpack(packed)] == [(p.frame.rows(), p.same) for p in parts]
    assert unpack(packed, ["grr"]) == []
    [opened] = unpack(packed, ["nrr"])
    assert opened.frame.columns == ["on_shelf", "nrr", "nrr/"]
    assert stack(unpack(packed) * 2)[0].frame.height == 4
