"""Calls, meetings, mails and reviews: a rhythm by size, broken where an account fell silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

from portfolio.sample.contacts import Contact, list_departments
from portfolio.sample.days import add_months, draw_instant, place_at, shift_to_weekday
from portfolio.sample.declare import Account
from portfolio.sample.exchange_texts import (
    MONTHS,
    NEWS,
    NOTES,
    RECEIVED,
    REVIEWS,
    SENT,
    STRAINED_RECEIVED,
    STRAINED_TALKS,
    TALKS,
)
from portfolio.sample.members import FULL_NAMES, JONAS
from portfolio.sample.scripted_exchanges import EXCHANGES as SCRIPTED
from portfolio.sample.scripted_exchanges import ScriptedExchange
from portfolio.sample.support import add_workdays, finish_text
from portfolio.sample.ticket_texts import TEAMS
from portfolio.sample.usage import measure_use
from portfolio.sample.world import ACCOUNTS, World

# Days between calls, mails and reviews (0: none), by tier; a small yearly customer is called too.
_RHYTHM = {"enterprise": (34, 19, 91), "mid_market": (72, 41, 182), "smb": (0, 210, 0), "smb_year": (170, 95, 0)}
# Days ago between which somebody who decides was last spoken to on purpose.
_DECIDER_SEEN = {"enterprise": (9, 44), "mid_market": (14, 96)}


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange before it has a number."""

    kind: str
    happened_at: datetime
    author_email: str
    contacts: tuple[Contact, ...]
    text: str
    direction: str = ""
    state: str = ""
    attended: bool | None = None
    bulk: bool = False


class ExchangeWriter:
    """Writes the exchanges of one account."""

    def __init__(self, world: World, account: Account) -> None:
        self.world, self.account, self.history = world, account, world.history
        self.rng = world.open_generator(account, "exchanges")
        self.team = world.contacts[account.account_id]
        self.spans = world.find_paid_spans(account)
        self.bags: dict[str, list[str]] = {}
        key = "smb_year" if account.tier == "smb" and account.core.term == 12 else account.tier
        calls, mails, reviews = _RHYTHM[key]
        self.call_every = account.talk.call_every or calls
        self.mail_every = account.talk.mail_every or mails
        self.review_every = account.talk.review_every or reviews

    def write_all(self) -> list[Exchange]:
        scripted = SCRIPTED.get(self.account.number, ())
        written = [self.tell(told) for told in scripted]
        if self.account.phase == "onboarding":
            return sorted([*written, *self.write_news()], key=lambda exchange: exchange.happened_at)
        told_ago = min((told.ago for told in scripted if told.kind == "qbr"), default=None)
        written += self.write_calls()
        written += self.write_mails()
        written += self.write_reviews(told_ago)
        written += self.meet_decider()
        written += self.write_news()
        written += self.plan_review()
        return sorted(written, key=lambda exchange: exchange.happened_at)

    def list_days(self, every: int, spread: float = 0.35) -> Iterator[int]:
        """Yield days (before the night) of a rhythm inside the paid days and outside the silence."""
        for first, last in self.spans:
            day = first + timedelta(days=self.rng.randrange(3, max(4, min(every, 30))))
            while day <= last:
                ago = self.history.days_since(day)
                if ago >= self.account.talk.silent_for + (1 if self.account.talk.silent_for else 0) and ago > 0:
                    yield ago
                day += timedelta(days=max(2, round(every * self.rng.uniform(1 - spread, 1 + spread))))

    def write_calls(self) -> Iterator[Exchange]:
        if not self.call_every:
            return
        for ago in self.list_days(self.call_every):
            strained = self.account.talk.is_strained(ago)
            bank = STRAINED_TALKS if strained and self.rng.random() < 0.7 else TALKS
            people = self.find_people(ago, deciding=self.rng.random() < 0.16)
            if people:
                kind = "meeting" if self.rng.random() < 0.22 else "call"
                text = self.pick(bank, "talk" if bank is TALKS else "strained")
                yield self.write(ago, kind, text, people, attended=True)
            if self.account.tier == "enterprise" and self.rng.random() < 0.12 and people:
                yield self.write(ago, "note", self.rng.choice(NOTES), people)
            if strained and self.rng.random() < 0.3 and people and ago > 6:
                yield self.write(ago - 4, "call", "", people, state="cancelled")

    def write_mails(self) -> Iterator[Exchange]:
        for ago in self.list_days(self.mail_every, 0.6):
            people = self.find_people(ago, deciding=self.rng.random() < 0.1)[:1]
            if not people:
                continue
            strained = self.account.talk.is_strained(ago) and self.rng.random() < 0.6
            if self.rng.random() < 0.5:
                sent = self.write(ago, "email", self.pick(SENT, "sent"), people, direction="outbound")
                yield sent
                answered = self.history.days_since(add_workdays(sent.happened_at, 1).date())
                if self.rng.random() < 0.45 and not strained and answered > self.account.talk.silent_for:
                    yield self.write(answered, "email", self.pick(RECEIVED, "received"), people, direction="inbound")
            else:
                bank = STRAINED_RECEIVED if strained else RECEIVED
                text = self.pick(bank, "answer" if strained else "received")
                yield self.write(ago, "email", text, people, direction="inbound")

    def write_reviews(self, told_ago: int | None) -> Iterator[Exchange]:
        """Write business reviews back from the last one; a scripted one takes that place."""
        if not self.review_every:
            return
        ago = told_ago if told_ago is not None else self.rng.randrange(9, max(10, self.review_every - 8))
        first = self.history.days_since(self.spans[0][0])
        for order in count():
            turn = ago + round(order * self.review_every * self.rng.uniform(0.94, 1.06))
            if turn > first - 45:
                return
            if (order == 0 and told_ago is not None) or turn <= self.account.talk.silent_for:
                continue
            if not self.world.pays_on(self.account, self.history.ago(turn)):
                continue
            deciders = self.find_people(turn, deciding=True)[: self.rng.random() < 0.7]
            people = (*deciders, *(p for p in self.find_people(turn, deciding=False)[:2] if p not in deciders))
            parts = REVIEWS[self.account.speaks]
            text = " ".join(self.rng.choice(part) for part in parts)
            attended = not (self.account.talk.is_strained(turn) and self.rng.random() < 0.5)
            if people:
                text = self.fill(text if attended else "Nobody from the customer joined.", turn, people)
                yield self.write(turn, "qbr", text, people, attended=attended, filled=True)

    def meet_decider(self) -> Iterator[Exchange]:
        """Let healthy accounts have spoken with somebody who decides not long ago."""
        between = _DECIDER_SEEN.get(self.account.tier)
        talk = self.account.talk
        if between is None or self.account.lost or talk.silent_for or talk.deciders_silent_for or not self.account.csm:
            return
        ago = self.rng.randrange(*between)
        people = self.find_people(ago, deciding=True)[:1]
        if people and self.world.pays_on(self.account, self.history.ago(ago)):
            strained = self.account.talk.is_strained(ago)
            text = self.pick(STRAINED_TALKS if strained else TALKS, "strained" if strained else "talk")
            yield self.write(ago, "call", text, people, attended=True)

    def write_news(self) -> Iterator[Exchange]:
        """Write the quarterly product news that everybody gets: bulk mail, no exchange."""
        for quarter in range(8):
            day = shift_to_weekday(add_months(self.history.night, -3 * quarter - 1))
            if not self.world.pays_on(self.account, day):
                continue
            there = tuple(c for c in self.team if c.is_there_on(day))[:4]
            if there and self.account.csm:
                month = MONTHS[self.account.speaks][day.month - 1]
                text = NEWS[self.account.speaks].format(month=f"{month} {day.year}")
                yield Exchange("email", place_at(day, 7, 30), self.account.csm, there, text, "outbound", bulk=True)

    def plan_review(self) -> Iterator[Exchange]:
        """Put the next review of a few large accounts in the calendar."""
        if self.account.tier != "enterprise" or self.account.number in SCRIPTED or self.account.lost:
            return
        if self.rng.random() < 0.25:
            return
        people = self.find_people(0, deciding=True)[:2]
        day = self.history.workday_ago(-self.rng.randrange(12, 60))
        yield Exchange("qbr", draw_instant(self.rng, day, 9, 15), self.account.csm, people, "", state="planned")

    def find_people(self, ago: int, *, deciding: bool) -> tuple[Contact, ...]:
        """Return people who were there that day, the wanted kind first; deciders only outside their silence."""
        day = self.history.ago(ago)
        there = [c for c in self.team if c.is_there_on(day) and (c.stance != "detractor" or self.rng.random() < 0.3)]
        if ago < self.account.talk.deciders_silent_for:
            there = [c for c in there if not c.decides]
        # The buyer of a large account is rarely seen.
        seen = [c for c in there if c.role not in {"economic_buyer", "user"}]
        wanted = [c for c in seen if (c.role == "decision_maker") == deciding]
        others = [c for c in there if c not in wanted and c.role != "economic_buyer"]
        self.rng.shuffle(wanted)
        return tuple((wanted or others)[:2])

    def pick(self, bank: dict[str, tuple[str, ...]], bag: str) -> str:
        """Return a text of the account's language; none comes again before all have come."""
        texts = self.bags.setdefault(bag, [])
        if not texts:
            texts.extend(bank[self.account.speaks])
            self.rng.shuffle(texts)
        return texts.pop()

    def find_author(self, ago: int) -> str:
        """Return who held it for Brindel: the CSM, at times the account manager."""
        if not self.account.csm:
            return JONAS
        return self.account.am if self.rng.random() < 0.14 else self.account.csm

    def write(self, ago: int, kind: str, text: str, people: tuple[Contact, ...], *, direction: str = "",
              state: str = "", attended: bool | None = None, filled: bool = False) -> Exchange:  # fmt: skip
        author = self.find_author(ago)
        if kind == "note":
            people_seen: tuple[Contact, ...] = ()
        else:
            people_seen = people
        text = text if filled else self.fill(text, ago, people, author)
        sender = people[0].email if direction == "inbound" else author
        day = self.history.some_workday_ago(ago)
        if ago > 14 and (day.month, day.day) >= (12, 23):
            day = shift_to_weekday(date(day.year, 12, 22))
        return Exchange(kind, draw_instant(self.rng, day), sender, people_seen, text, direction, state, attended)

    def fill(self, text: str, ago: int, people: tuple[Contact, ...], author: str = "") -> str:
        rng, speaks = self.rng, self.account.speaks
        sites = list(self.account.sites) or [self.account.city]
        site = rng.choice(sites)
        month = (self.history.ago(ago).month + rng.randrange(3)) % 12
        filled = text.format(
            first=people[0].first_name,
            us=FULL_NAMES[author or self.find_author(ago)].split(" ")[0],
            site=site,
            site2=rng.choice([other for other in sites if other != site] or [site]),
            dept=rng.choice(TEAMS.get(speaks) or list_departments(self.account)),
            n=rng.randint(3, 4 + max(3, (self.account.core.seats or 10) // 25)),
            m=("two", "three", "four")[rng.randrange(3)] if speaks == "en" else rng.randint(2, 5),
            pct=rng.randint(61, 93),
            used=measure_use(self.world, self.account, self.history.ago(ago)),
            month=MONTHS[speaks][month],
        )
        return finish_text(filled, speaks)

    def tell(self, told: ScriptedExchange) -> Exchange:
        """Write a scripted exchange with the people it names, or those a usual one would have."""
        named = tuple(c for name in told.people for c in self.team if c.name == name)
        people = named or self.find_people(max(told.ago, 0), deciding=True)[:1]
        author = self.account.am if told.by_am else self.account.csm or JONAS
        state = "planned" if told.ago < 0 else ""
        attended = None if told.kind in {"email", "note"} or state else told.attended
        day = self.history.ago(told.ago) if told.exact else self.history.workday_ago(told.ago)
        sender = people[0].email if told.direction == "inbound" else author
        return Exchange(
            told.kind, draw_instant(self.rng, day, 9, 16), sender, people, told.text, told.direction, state, attended
        )


def list_exchanges(world: World, account: Account) -> list[Exchange]:
    return ExchangeWriter(world, account).write_all()


def find_last_day(exchanges: list[Exchange], night: date) -> date | None:
    """Return the day of the last exchange held up to a night, bulk mail and notes apart."""
    days = [
        exchange.happened_at.date()
        for exchange in exchanges
        if exchange.state == "" and not exchange.bulk and exchange.kind != "note"
    ]
    return max((day for day in days if day <= night), default=None)


def yield_interactions(world: World) -> Iterator[dict]:
    for account in ACCOUNTS:
        for order, exchange in enumerate(list_exchanges(world, account), start=1):
            yield {
                "interaction_id": f"X-{account.number}-{order:03d}",
                "account_id": account.account_id,
                "kind": exchange.kind,
                "happened_at": exchange.happened_at,
                "state": exchange.state,
                "attended": exchange.attended,
                "author_email": exchange.author_email,
                "contact_emails": tuple(contact.email for contact in exchange.contacts),
                "direction": exchange.direction,
                "bulk": exchange.bulk,
                "text": exchange.text,
            }
