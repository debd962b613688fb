"""Tickets: the everyday ones by an account's rate and mood, and those that carry a story."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from portfolio.sample.catalogue import BROKEN_RELEASE_AGO
from portfolio.sample.contacts import Contact, list_departments
from portfolio.sample.days import draw_instant, place_at
from portfolio.sample.declare import Account, draw_share
from portfolio.sample.names import split_names
from portfolio.sample.scripted_tickets import TICKETS as SCRIPTED
from portfolio.sample.scripted_tickets import ScriptedTicket
from portfolio.sample.ticket_texts import CLOSERS, HOURS, RELEASE, TEAMS, TICKETS, WEEKDAYS
from portfolio.sample.world import ACCOUNTS, World

# Working days within which a ticket of a priority is due.
TIME_LIMIT = {"urgent": 2, "high": 3, "normal": 5, "low": 10}
FIRST_TICKET_NUMBER = 2117

_RATE = {"enterprise": 3.1, "mid_market": 0.95, "smb": 0.24}
_MORE_URGENT = {"low": "normal", "normal": "high", "high": "urgent", "urgent": "urgent"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A support request, dated up to the night."""

    account: Account
    opened_at: datetime
    due_at: datetime
    first_reply_at: datetime | None
    solved_at: datetime | None
    priority: str
    subject: str
    body: str
    requester: Contact | None
    escalated_at: datetime | None = None
    reopened_at: datetime | None = None
    satisfaction: str = ""
    satisfaction_at: datetime | None = None


class TicketWriter:
    """Writes the tickets of one account."""

    def __init__(self, world: World, account: Account) -> None:
        self.world, self.account = world, account
        self.history = world.history
        self.rng: Random = world.open_generator(account, "tickets")
        self.contacts = world.contacts[account.account_id]
        self.products = {period.product_id for period in world.periods[account.account_id]}
        self.end_of_night = place_at(self.history.night, 23, 59)
        self.bag: list[tuple[str, str, str]] = []

    def write_all(self) -> list[Ticket]:
        tickets = [*self.write_everyday(), *self.write_release(), *self.write_scripted()]
        return sorted(tickets, key=lambda ticket: ticket.opened_at)

    def write_everyday(self) -> Iterator[Ticket]:
        rate = self.account.care.tickets_a_month or _RATE[self.account.tier]
        if self.account.tier == "smb" and self.account.core.term == 12:
            rate *= 1.6
        breach_share = self.account.care.breach_share
        for first, last in self.world.find_paid_spans(self.account):
            day = first + timedelta(days=self.rng.randrange(0, max(2, int(30 / rate))))
            while day <= last:
                ago = self.history.days_since(day)
                strained = self.account.talk.is_strained(ago)
                share = 0.045 if breach_share is None else breach_share
                if day.weekday() < 5 or self.account.week == 7:
                    yield self.write_drawn(ago, share * (1.6 if strained else 1))
                gap = self.rng.expovariate(rate * (1.5 if strained else 1.0) / 30.4)
                day += timedelta(days=max(1, round(gap)))

    def write_drawn(self, ago: int, breach_share: float) -> Ticket:
        """Write an everyday ticket; late with the given chance."""
        priority, subject, body = self.pick_text()
        if self.rng.random() < 0.12:
            priority = _MORE_URGENT[priority]
        took = draw_share(self.rng, 0.08, 0.92)
        if self.rng.random() < breach_share:
            took = draw_share(self.rng, 1.05, 2.2)
        return self.write(ScriptedTicket(ago, subject, body, priority, took), drawn=True)

    def pick_text(self) -> tuple[str, str, str]:
        """Return priority, subject and body; no topic comes again before all others have come."""
        speaks = self.account.speaks
        if not self.bag:
            for product, priority, subjects, bodies in TICKETS[speaks]:
                if product in self.products:
                    subject, body = self.rng.choice(list(zip(subjects, bodies, strict=True)))
                    self.bag.append((priority, subject, body))
            self.rng.shuffle(self.bag)
        priority, subject, body = self.bag.pop()
        closer = self.rng.choice(CLOSERS[speaks].get(priority) or CLOSERS[speaks]["high"])
        return (priority, *self.fill(subject, f"{body} {closer}".strip()))

    def fill(self, subject: str, body: str) -> tuple[str, str]:
        """Fill the slots of a subject and its body with the same people and places."""
        speaks, rng = self.account.speaks, self.rng
        sites = list(self.account.sites) or [self.account.city]
        site = rng.choice(sites)
        slots = {
            "site": site,
            "site2": rng.choice([other for other in sites if other != site] or [site]),
            "colleague": rng.choice(split_names(self.account.country)[0]),
            "dept": rng.choice(TEAMS.get(speaks) or list_departments(self.account)),
            "n": rng.randint(2, 4 if self.account.tier == "smb" else 7),
            "ref": rng.randint(10_400, 98_700),
            "hour": HOURS[speaks].format(rng.randint(6, 15), rng.choice((5, 10, 20, 25, 35, 40, 50))),
            "weekday": rng.choice(WEEKDAYS[speaks]),
        }
        return finish_text(subject.format(**slots), speaks), finish_text(body.format(**slots), speaks)

    def write_release(self) -> Iterator[Ticket]:
        """Write what the broken release brought: at least one ticket stays open past its due day."""
        if not self.account.use.release_drop or self.account.number in SCRIPTED:
            return
        subjects, bodies = RELEASE[self.account.speaks]
        count = 3 if self.account.tier == "enterprise" else 2
        # Old enough that a weekend and the time limit of three working days are over: past due by days, not by hours.
        agos = sorted(self.rng.sample(range(8, BROKEN_RELEASE_AGO - 3), count))
        picked = zip(agos, self.rng.sample(subjects, count), self.rng.sample(bodies, count), strict=True)
        for order, (ago, subject, body) in enumerate(picked):
            subject, body = self.fill(subject, body)
            took = None if order == 0 or self.account.tier == "enterprise" else draw_share(self.rng, 0.6, 1.7)
            yield self.write(ScriptedTicket(ago, subject, body, "high", took))

    def write_scripted(self) -> Iterator[Ticket]:
        for scripted in SCRIPTED.get(self.account.number, ()):
            yield self.write(scripted)

    def write(self, told: ScriptedTicket, *, drawn: bool = False) -> Ticket:
        """Write one ticket with its instants; nothing is known after the night."""
        rng = self.rng
        day = self.history.ago(told.ago) if drawn else self.history.workday_ago(told.ago)
        opened = draw_instant(rng, day, 7, 16)
        due = add_workdays(opened, TIME_LIMIT[told.priority])
        late = told.took is not None and told.took > 1
        waited = draw_share(rng, 0.015, 0.2) * (2.2 if late else 1.0)
        replied = find_office_hour(opened + (due - opened) * waited, opened)
        solved = None
        if told.took is not None:
            solved = find_office_hour(opened + (due - opened) * told.took, replied)
            solved = max(solved, due + timedelta(hours=2)) if late else min(solved, due - timedelta(minutes=17))
            replied = min(replied, solved)
        ticket = Ticket(
            account=self.account,
            opened_at=opened,
            due_at=due,
            first_reply_at=self.know(replied),
            solved_at=self.know(solved),
            priority=told.priority,
            subject=told.subject,
            body=told.body,
            requester=self.find_requester(told, opened),
        )
        if told.escalated or (told.took and told.took > 1.5 and rng.random() < 0.4):
            ticket = replace(ticket, escalated_at=self.know(opened + (due - opened) * draw_share(rng, 0.5, 1.0)))
        if told.rated and ticket.solved_at:
            rated_at = self.know(find_office_hour(ticket.solved_at + timedelta(hours=20), ticket.solved_at))
            return replace(ticket, satisfaction=told.rated if rated_at else "", satisfaction_at=rated_at)
        return self.rate(ticket, late=late)

    def rate(self, ticket: Ticket, *, late: bool) -> Ticket:
        """Add what came after the solution: reopened, or rated by the requester."""
        if ticket.solved_at is None:
            return ticket
        drawn = self.rng.random()
        if drawn < 0.03 and self.account.care.breach_share != 0.0:
            again = self.know(find_office_hour(ticket.solved_at + timedelta(days=2), ticket.solved_at))
            # Solved, opened again, solved for good: the row keeps the last solution.
            return replace(ticket, reopened_at=ticket.solved_at, solved_at=again) if again else ticket
        if drawn < 0.27:
            after = timedelta(hours=self.rng.randint(1, 60), minutes=self.rng.randrange(60))
            rated_at = self.know(find_office_hour(ticket.solved_at + after, ticket.solved_at))
            strained = self.account.talk.is_strained(self.history.days_since(ticket.opened_at.date()))
            unhappy = 0.65 if late else 0.5 if strained else 0.15
            verdict = "bad" if self.rng.random() < unhappy else "good"
            return replace(ticket, satisfaction=verdict if rated_at else "", satisfaction_at=rated_at)
        return ticket

    def know(self, instant: datetime | None) -> datetime | None:
        """Return an instant without seconds, in its day's own offset; None after the night."""
        if instant is None or instant > self.end_of_night:
            return None
        return place_at(instant.date(), instant.hour, instant.minute)

    def find_requester(self, told: ScriptedTicket, opened: datetime) -> Contact | None:
        there = [contact for contact in self.contacts if contact.is_there_on(opened.date())]
        named = [contact for contact in there if contact.name == told.by]
        users = [contact for contact in there if not contact.decides]
        return self.rng.choice(named or users or there) if there else None


def add_workdays(instant: datetime, days: int) -> datetime:
    """Return the instant `days` working days later, at the same hour; weekends begin on Monday."""
    day = instant.date()
    for _count in range(days):
        day += timedelta(days=3 if day.weekday() == 4 else 2 if day.weekday() == 5 else 1)
    return place_at(day, instant.hour, instant.minute)


def find_office_hour(instant: datetime, after: datetime) -> datetime:
    """Return the instant as an office keeps it: 8 to 18 on a working day, and never before `after`."""
    hour = 8 + instant.hour * 10 // 24
    day = instant.date()
    if day.weekday() > 4:
        day += timedelta(days=7 - day.weekday())
    kept = place_at(day, hour, instant.minute)
    return kept if kept > after else after + timedelta(minutes=11 + instant.minute)


def finish_text(text: str, speaks: str) -> str:
    """Mend what filled slots break: capitals at the start of sentences, French elision."""
    if speaks == "fr":
        text = re.sub(r"\bde (?=[AEIOUÀÂÉÈÊÎÔaeiouàâéèêîô])", "d'", text)
    return re.sub(r"(^|[.?] )(\w)", lambda found: found[1] + found[2].upper(), text)


def list_tickets(world: World) -> list[tuple[str, Ticket]]:
    """Return all tickets with their numbers, which run by the instant they were opened."""
    written = [ticket for account in ACCOUNTS for ticket in TicketWriter(world, account).write_all()]
    written.sort(key=lambda ticket: ticket.opened_at)
    return [(str(FIRST_TICKET_NUMBER + order), ticket) for order, ticket in enumerate(written)]


def yield_tickets(world: World) -> Iterator[dict]:
    for ticket_id, ticket in list_tickets(world):
        yield {
            "ticket_id": ticket_id,
            "account_id": ticket.account.account_id,
            "opened_at": ticket.opened_at,
            "due_at": ticket.due_at,
            "first_reply_at": ticket.first_reply_at,
            "solved_at": ticket.solved_at,
            "priority": ticket.priority,
            "escalated_at": ticket.escalated_at,
            "reopened_at": ticket.reopened_at,
            "satisfaction": ticket.satisfaction,
            "satisfaction_at": ticket.satisfaction_at,
            "subject": ticket.subject,
            "body": ticket.body,
            "requester_email": ticket.requester.email if ticket.requester else "",
        }
