"""The sample portfolio: same bytes for the same day, whole references, and every story in the facts."""

import csv
import hashlib
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise

import pytest

from portfolio.columns import Kind
from portfolio.contract import FILES
from portfolio.sample import MEMBERS, SIGN_INS, generate, write
from portfolio.sample.days import add_months
from portfolio.sample.stories import STORIES, STORY

DAYS = (date(2026, 11, 21), date(2026, 2, 28), date(2027, 1, 1), date(2028, 2, 29))
GRACE = timedelta(days=30)


class Sample:
    """All rows of one reference day, and the questions that the tests ask of them."""

    def __init__(self, today: date) -> None:
        self.today, self.night = today, today - timedelta(days=1)
        files = generate(today)
        self.usage: dict[tuple[str, str, str], dict[date, int]] = defaultdict(dict)
        self.usage_rows, self.usage_columns = 0, set()
        for row in files.pop("usage"):
            self.usage[row["account_id"], row["product_id"], row["metric"]][row["day"]] = row["quantity"]
            self.usage_columns.add(tuple(row))
            self.usage_rows += 1
        self.files = {name: list(rows) for name, rows in files.items()}
        self.of_account: dict[tuple[str, str], list[dict]] = defaultdict(list)
        for name, rows in self.files.items():
            for row in rows:
                self.of_account[name, row.get("account_id", "")].append(row)
        self.rates = {(row["currency"], row["fiscal_year"]): row["rate"] for row in self.files["plan_rates"]}

    def ago(self, days: int) -> date:
        return self.night - timedelta(days=days)

    def rows(self, file: str, account_id: str, **wanted: object) -> list[dict]:
        return [
            row
            for row in self.of_account[file, account_id]
            if all(row[name] == value for name, value in wanted.items())
        ]

    def people(self, account_id: str, ago: int) -> int:
        return self.usage[account_id, "plan", "active_users_28d"].get(self.ago(ago), 0)

    def running(self, account_id: str, day: date, product_id: str = "plan") -> list[dict]:
        return [
            row
            for row in self.rows("subscriptions", account_id, product_id=product_id)
            if row["started_on"] <= day and (row["ended_on"] is None or day < row["ended_on"])
        ]

    def days_to_decision(self, account_id: str) -> int:
        period = self.running(account_id, self.night)[0]
        return (add_months(period["term_started_on"], period["term_months"]) - self.night).days - period["notice_days"]

    def last_exchange(self, account_id: str, *, with_deciders: bool = False) -> int:
        """Days since the last exchange that was held, bulk mail and notes apart."""
        deciders = {
            row["email"]
            for row in self.rows("contacts", account_id)
            if row["role"] in {"decision_maker", "economic_buyer"}
        }
        held = [
            row["happened_at"].date()
            for row in self.rows("interactions", account_id, bulk=False, state="")
            if row["kind"] != "note" and (not with_deciders or deciders & set(row["contact_emails"]))
        ]
        return (self.night - max(held)).days

    def tickets_past_due(self, account_id: str) -> list[dict]:
        return [row for row in self.rows("tickets", account_id, solved_at=None) if row["due_at"].date() < self.today]

    def arr(self, day: date) -> Decimal:
        periods = [r for r in self.files["subscriptions"] if r["started_on"] <= day]
        return sum(
            row["mrr"] * 12 * (1 if row["currency"] == "EUR" else self.rates[row["currency"], day.year])
            for row in periods
            if row["ended_on"] is None or day < row["ended_on"]
        )

    def texts(self, account_id: str) -> list[tuple[date, str]]:
        tickets = [(r["opened_at"].date(), f"{r['subject']} {r['body']}") for r in self.rows("tickets", account_id)]
        return tickets + [(r["happened_at"].date(), r["text"]) for r in self.rows("interactions", account_id)]


@cache
def tell_sample(today: date) -> Sample:
    """The sample of a day, generated once for all tests of this process."""
    return Sample(today)


@pytest.fixture(params=DAYS, ids=str)
def sample(request):
    return tell_sample(request.param)


@pytest.fixture
def autumn():
    return tell_sample(DAYS[0])


def digest(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_day_and_seed_give_the_same_bytes_and_another_seed_others(tmp_path):
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    counts = write(first, DAYS[0])
    write(second, DAYS[0])
    write(other, DAYS[0], seed=21)
    assert digest(first) == digest(second)
    assert digest(first)["usage.csv"] != digest(other)["usage.csv"]
    assert digest(first)["products.csv"] == digest(other)["products.csv"]
    with (first / "tickets.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == counts["tickets"]
    assert datetime.fromisoformat(rows[0]["opened_at"]).utcoffset() in {timedelta(hours=1), timedelta(hours=2)}


def test_files_and_columns_are_those_of_the_contract(sample):
    assert sample.usage_columns == {FILES["usage"].names}
    assert sample.usage_rows == sum(len(days) for days in sample.usage.values())  # no key twice
    for name, rows in sample.files.items():
        declared = FILES[name]
        assert list(rows[0]) == list(declared.names), name
        assert {tuple(row) for row in rows} == {tuple(rows[0])}, name
        keys = Counter(tuple(row[column] for column in declared.key) for row in rows)
        assert [key for key, count in keys.items() if count > 1] == [], name
        for column in declared.columns:
            values = {row[column.name] for row in rows} - {None, ""}
            assert not column.required or len([r for r in rows if r[column.name] in {None, ""}]) == 0, (
                name,
                column.name,
            )
            if column.kind is Kind.CHOICE:
                assert values <= set(column.choices), (name, column.name)


def test_every_reference_points_at_a_row(sample):
    known = {
        name: {row[FILES[name].own_id] for row in rows} for name, rows in sample.files.items() if FILES[name].own_id
    }
    for name, rows in sample.files.items():
        for column in FILES[name].references:
            missing = {row[column.name] for row in rows} - {None, ""} - known[column.refers_to]
            assert missing == set(), (name, column.name)
    assert {account_id for account_id, _product, _metric in sample.usage} <= known["accounts"]
    assert {product_id for _account, product_id, _metric in sample.usage} <= known["products"]
    emails = {row["email"]: row["account_id"] for row in sample.files["contacts"]}
    assert len(emails) == len(sample.files["contacts"])
    for row in sample.files["interactions"]:
        assert {emails[email] for email in row["contact_emails"]} <= {row["account_id"]}
    for file, column in (("tickets", "requester_email"), ("surveys", "contact_email")):
        assert {(row["account_id"], emails[row[column]]) for row in sample.files[file]} <= {
            (account_id, account_id) for account_id in emails.values()
        }, file
    members = {email for email, *_rest in MEMBERS}
    assert {row[c] for row in sample.files["accounts"] for c in ("csm_email", "am_email")} - {""} <= members


def test_nothing_is_known_after_the_night(sample):
    later = {
        "subscriptions": {"ended_on", "renews_on"},
        "invoices": {"due_on"},
        "tickets": {"due_at"},
        "opportunities": {"closes_on"},
        "account_goals": {"due_on"},
    }
    for name, rows in sample.files.items():
        for row in rows:
            for column, value in row.items():
                if not isinstance(value, date) or column in later.get(name, ()) or row.get("state") == "planned":
                    continue
                day = value.date() if isinstance(value, datetime) else value
                assert day <= sample.night, (name, column, row)
    for row in sample.files["subscriptions"]:
        if row["ended_on"] and row["ended_on"] > sample.night:
            assert row["notice_given_on"] is not None, row


def test_usage_lies_inside_subscriptions_and_people_within_seats(sample):
    begins = add_months(sample.today, -24)
    for (account_id, product_id, metric), days in sample.usage.items():
        periods = sample.rows("subscriptions", account_id, product_id=product_id)
        spans = [(p["started_on"], (p["ended_on"] or sample.today) + GRACE) for p in periods]
        last_end = None if any(p["ended_on"] is None for p in periods) else max(p["ended_on"] for p in periods)
        for day, quantity in days.items():
            assert begins <= day <= sample.night
            assert quantity > 0
            assert any(first <= day < end for first, end in spans), (account_id, metric, day)
            assert last_end is None or day < last_end, (account_id, metric, day)
            if metric == "active_users_28d":
                seats = sum(p["seats"] for p in sample.running(account_id, day, product_id))
                assert quantity <= seats or not seats, (account_id, day, quantity, seats)
        if metric == "active_users":
            seen = sample.usage[account_id, product_id, "active_users_28d"]
            assert all(quantity <= seen[day] for day, quantity in days.items())


def test_periods_of_a_subscription_follow_each_other(sample):
    chains = defaultdict(list)
    for row in sample.files["subscriptions"]:
        chains[row["subscription_id"]].append(row)
    for chain in chains.values():
        assert [r["started_on"] for r in chain] == sorted(r["started_on"] for r in chain)
        for earlier, later in pairwise(chain):
            gap = (later["started_on"] - earlier["ended_on"]).days
            assert gap == 0 or (gap == 12 and earlier["account_id"] == "A-1060")
        for row in chain:
            assert row["term_started_on"] <= row["started_on"], row
            if row["term_months"] > 1:
                assert row["started_on"] < add_months(row["term_started_on"], row["term_months"]), row


def test_volume_money_and_books_are_as_intended(sample):
    assert len(sample.files["accounts"]) == 120
    assert 250_000 <= sample.usage_rows <= 450_000
    assert 3_500_000 <= sample.arr(sample.night) <= 4_500_000
    books = Counter(row["csm_email"] for row in sample.files["accounts"])
    assert books.pop("") == 1
    assert sorted(books.values()) == [59, 60]
    assert len({row["country"] for row in sample.files["accounts"]}) >= 20
    reasons = Counter(r["change_reason"] for r in sample.files["subscriptions"] if r["started_on"] > sample.ago(730))
    for lever in ("upsell", "seats", "usage", "cross_sell", "price"):
        assert reasons[lever] >= 5, lever
    assert min(reasons["contraction"], reasons["reactivation"], reasons["new"]) >= 2
    assert (
        len({role for _email, _name, role, _team in MEMBERS} & {"owner", "csm", "am", "manager", "dpo", "viewer"}) == 6
    )
    assert {email for _role, email, _password in SIGN_INS} == {email for email, *_rest in MEMBERS}


def test_texts_are_calm_and_no_need_is_voiced_outside_the_stories(sample):
    phrases = [phrase.lower() for row in sample.files["products"] for phrase in row["need_phrases"]]
    voiced = set()
    for row in sample.files["tickets"] + sample.files["interactions"]:
        text = f"{row.get('subject', '')} {row.get('body', '')} {row.get('text', '')}"
        assert "!" not in text
        assert "{" not in text
        if any(phrase in text.lower() for phrase in phrases):
            voiced.add(row["account_id"])
    told = {*STORY["need_voiced"].account_ids, *STORY["need_voiced_elsewhere"].account_ids, "A-1064"}
    assert voiced == told


def test_a_text_is_rarely_written_twice(autumn):
    texts = Counter(row["text"] for row in autumn.files["interactions"] if not row["bulk"] and row["text"])
    assert sum(count - 1 for count in texts.values()) < 0.15 * sum(texts.values())
    bodies = Counter(row["body"] for row in autumn.files["tickets"])
    assert sum(count - 1 for count in bodies.values()) < 0.08 * sum(bodies.values())


def test_august_and_christmas_dip_in_france_and_hotels_do_not_rest_in_august(autumn):
    def mean(account_id, first, last):
        days = autumn.usage[account_id, "plan", "active_users"]
        chosen = [quantity for day, quantity in days.items() if first <= day <= last and day.weekday() < 5]
        return sum(chosen) / len(chosen)

    for account_id in ("A-1052", "A-1062"):
        june = mean(account_id, date(2026, 6, 1), date(2026, 6, 26))
        assert mean(account_id, date(2026, 8, 5), date(2026, 8, 20)) < 0.8 * june
        assert mean(account_id, date(2025, 12, 24), date(2025, 12, 31)) < 0.75 * june
    assert mean("A-1072", date(2026, 8, 5), date(2026, 8, 20)) > mean("A-1072", date(2026, 6, 1), date(2026, 6, 26))


def test_every_story_names_accounts_and_files_that_exist(autumn):
    known = {row["account_id"] for row in autumn.files["accounts"]}
    for story in STORIES:
        assert set(story.account_ids) <= known, story.name
        assert {file for file, _says in story.facts} <= {*autumn.files, "usage"}, story.name
    assert len(STORY) == len(STORIES)
