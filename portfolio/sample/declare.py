"""The words in which the roster declares a customer: account, person, line, move, use.

All counts of days go back from the night (see `days.History`); negative ones lie ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from zlib import crc32

from portfolio.sample.names import write_plain

DEFAULT_SEED = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the customer, where the roster names them; the rest of the team is drawn."""

    name: str
    title: str
    department: str
    role: str
    stance: str = "neutral"
    left: int | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A change of a line, told by what stood *before* it; the line itself holds the present.

    `ago` counts days; `term` instead puts the change on the start of a term: 0 is the term
    that runs, 1 the one before it. With `new_paper` the contract was signed anew: another
    subscription begins on the day the old one ends (a migration).
    """

    reason: str
    ago: int | None = None
    term: int | None = None
    plan: str | None = None
    seats: int | None = None
    discount: float | None = None
    mrr: str | None = None
    factor: float | None = None
    new_paper: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One product an account pays for: its present state, its terms and the moves that led there.

    `terms` is how many terms have begun, the one running included; `ends_in` is days from the
    night to its end. A line with `started` (days) began by itself instead; one that `co_terms`
    ends with the account's first line. `ended` is the first unpaid day, `noticed` the day notice
    was given; `lapsed` (days, months) means that an earlier contract of so many months ended so
    many days before this one began; `taken_over` is the day it came from a sister company;
    `late_renewal` is how many days the running term was signed late. `moves=None`: drawn.
    """

    product: str
    level: str
    seats: int | None = None
    discount: float = 0.0
    mrr: str | None = None
    terms: int = 1
    ends_in: int | None = None
    started: int | None = None
    term: int = 12
    notice: int = 30
    every: int = 12
    signed: bool = False
    co_terms: bool = False
    moves: tuple[Move, ...] | None = None
    ended: int | None = None
    end_reason: str = ""
    noticed: int | None = None
    lapsed: tuple[int, int] | None = None
    taken_over: int | None = None
    contract: str = ""
    late_renewal: int = 0

    @property
    def plan_id(self) -> str:
        return f"{self.product}-{self.level}"


@dataclass(frozen=True, slots=True)
class Use:
    """How an account uses what it pays for.

    `adoption` is people seen in 28 days per seat (None: drawn); `curve` bends it over time
    (days ago, factor); `people` fixes it from the first day named on (days ago, people seen
    in 28 days; the figures named come out exactly);
    `limits` is the share of a monthly limit consumed; `features` bends single features;
    `opened` names expansion features found lately (name, days ago).
    """

    adoption: float | None = None
    curve: tuple[tuple[int, float], ...] = ()
    people: tuple[tuple[int, int], ...] = ()
    limits: dict[str, float] = field(default_factory=dict)
    features: dict[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    opened: tuple[tuple[str, int], ...] = ()
    release_drop: float = 0.0


@dataclass(frozen=True, slots=True)
class Talk:
    """How an account and Brindel talk: days between calls and mails, silence, mood over time."""

    call_every: int | None = None
    mail_every: int | None = None
    review_every: int | None = None
    silent_for: int = 0
    deciders_silent_for: int = 0
    strained_from: int | None = None
    strained_to: int = 0

    def is_strained(self, ago: int) -> bool:
        """Return whether the mood was bad so many days ago."""
        return self.strained_from is not None and self.strained_to <= ago <= self.strained_from


@dataclass(frozen=True, slots=True)
class Care:
    """How an account meets support and billing."""

    tickets_a_month: float | None = None
    breach_share: float | None = None
    pays: str = "on_time"
    overdue: int | None = None
    failed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """A customer of Brindel; `number` is its customer number and never changes."""

    number: int
    name: str
    tier: str
    industry: str
    country: str
    city: str
    employees: int
    csm: str
    am: str
    lines: tuple[Line, ...]
    people: tuple[Person, ...] = ()
    use: Use = Use()
    talk: Talk = Talk()
    care: Care = Care()
    parent: int | None = None
    referred_by: int | None = None
    acquired: str = "organic"
    strategic: bool = False
    phase: str = ""
    currency: str = "EUR"
    language: str = ""
    week: int = 5
    summer_trade: bool = False
    sites: tuple[str, ...] = ()
    history: tuple[tuple[str, int, str], ...] = ()
    domain_name: str = ""
    team_drawn: bool = True

    @property
    def account_id(self) -> str:
        return f"A-{self.number}"

    @property
    def domain(self) -> str:
        """Return the web address: reserved for documentation, so nobody owns it."""
        plain = self.domain_name or write_slug(self.name, self.country)
        return f"{plain}.example"

    @property
    def speaks(self) -> str:
        """Return the language of its people's texts: en, fr or de."""
        if self.language:
            return self.language
        return {"FR": "fr", "LU": "fr", "DE": "de", "AT": "de"}.get(self.country, "en")

    @property
    def core(self) -> Line:
        return self.lines[0]

    @property
    def lost(self) -> bool:
        """Return whether it pays for nothing any more on the night."""
        return all(line.ended is not None and line.ended >= 0 for line in self.lines)


def write_slug(name: str, country: str) -> str:
    """Return a name in small ASCII letters with hyphens, as that country would spell it."""
    return "-".join(write_plain(name, country).lower().replace("&", "").replace("'", "").split())


def open_generator(seed: int, account_id: str, purpose: str) -> Random:
    """Return the generator of one purpose of one account: another account never shifts it."""
    return Random(crc32(f"{seed}/{account_id}/{purpose}".encode()))


def draw_share(rng: Random, low: float, high: float) -> float:
    return low + (high - low) * rng.random()
