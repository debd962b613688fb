"""The people at each customer: who decides, who champions, who uses, who has left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from portfolio.sample.days import History
from portfolio.sample.declare import Account, Person, open_generator
from portfolio.sample.names import draw_name, draw_phone, write_address

DECIDING_ROLES = frozenset({"decision_maker", "economic_buyer"})

# Industry: the departments whose people work with the product, most central first.
DEPARTMENTS = {
    "Shipping": ("Crewing", "Fleet ops", "Port services"),
    "Ferries": ("Deck crews", "Terminals", "Workshop"),
    "Pharmaceuticals": ("Operations", "Quality", "Engineering"),
    "Banking": ("Branch services", "Cash logistics", "Facilities"),
    "Insurance": ("Claims", "Surveyors", "Facilities"),
    "Retail": ("Stores", "Logistics", "Head office"),
    "Airports": ("Ground services", "Terminal maintenance", "Security"),
    "Hospitals": ("Technical services", "Patient transport", "Nursing"),
    "Hotels": ("Housekeeping", "Maintenance", "Reception"),
    "Pharmacies": ("Stores", "Deliveries", "Laboratory"),
    "Home care": ("Care teams", "Night duty", "Coordination"),
    "Energy": ("Grid crews", "Metering", "Control room"),
    "Wind farms": ("Turbine crews", "Offshore logistics", "Control room"),
    "Social housing": ("Repairs", "Voids", "Estate services"),
    "Security services": ("Patrols", "Control room", "Events"),
    "Food industry": ("Line maintenance", "Deliveries", "Quality"),
    "Dairies": ("Milk collection", "Plant maintenance", "Quality"),
    "Shipyards": ("Hull", "Outfitting", "Docking"),
}
USUAL_DEPARTMENTS = ("Operations", "Field service", "Workshop")

# Tier: the roles of a usual team, with titles to choose from.
_TEAM = {
    "enterprise": ("decision_maker", "economic_buyer", "champion", "influencer", "power_user", "power_user", "user"),
    "mid_market": ("decision_maker", "champion", "economic_buyer", "power_user"),
    "smb": ("decision_maker",),
}
_TITLES = {
    "en": {
        "decision_maker": ("COO", "Operations Director", "Managing Director", "VP Operations", "General Manager"),
        "economic_buyer": ("CFO", "Finance Director", "Head of Purchasing", "Financial Controller"),
        "champion": ("Head of Planning", "Field Operations Manager", "Head of Service", "Regional Manager"),
        "influencer": ("IT Manager", "Head of Digital", "Business Systems Lead"),
        "power_user": ("Senior planner", "Dispatcher", "Planning coordinator", "Shift supervisor"),
        "user": ("Planner", "Team lead", "Site coordinator"),
    },
    "fr": {
        "decision_maker": ("Direction générale", "Direction des opérations", "Direction d'exploitation"),
        "economic_buyer": ("Direction financière", "Responsable achats", "Contrôle de gestion"),
        "champion": ("Responsable planification", "Responsable exploitation", "Responsable d'agence"),
        "influencer": ("Responsable informatique", "Responsable SI terrain"),
        "power_user": ("Planification", "Régulation", "Coordination terrain"),
        "user": ("Responsable d'équipe", "Assistance d'exploitation"),
    },
    "de": {
        "decision_maker": ("Geschäftsführung", "Betriebsleitung", "Leitung Betrieb"),
        "economic_buyer": ("Kaufmännische Leitung", "Leitung Einkauf", "Leitung Finanzen"),
        "champion": ("Leitung Disposition", "Leitung Einsatzplanung", "Bereichsleitung Service"),
        "influencer": ("IT-Leitung", "Leitung Digitalisierung"),
        "power_user": ("Disposition", "Einsatzplanung", "Teamleitung"),
        "user": ("Disposition", "Objektleitung"),
    },
}
_OWNERS = {
    "en": ("Owner", "Managing Director"),
    "fr": ("Gérance", "Direction"),
    "de": ("Inhaberfamilie", "Geschäftsführung"),
}
_DEPARTMENT_OF = {"economic_buyer": "Finance", "influencer": "IT", "decision_maker": "Management"}


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer, dated."""

    contact_id: str
    account: Account
    name: str
    email: str
    phone: str
    title: str
    department: str
    role: str
    stance: str
    known_since: date
    left_on: date | None

    @property
    def decides(self) -> bool:
        return self.role in DECIDING_ROLES

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]

    def is_there_on(self, day: date) -> bool:
        return self.known_since <= day and (self.left_on is None or day < self.left_on)


def list_departments(account: Account) -> tuple[str, ...]:
    """Return the departments of an account that work in the field."""
    return DEPARTMENTS.get(account.industry, USUAL_DEPARTMENTS)


def complete_team(account: Account, rng: Random, reserved: frozenset[str]) -> list[Person]:
    """Return the people the roster names, and drawn ones in the roles of a usual team left open.

    No drawn person bears one of the `reserved` names, which the roster gives to somebody else.
    """
    people = list(account.people)
    open_roles = list(_TEAM[account.tier]) if account.team_drawn else []
    for person in people:
        if person.left is None and person.role in open_roles:
            open_roles.remove(person.role)
    if account.tier == "smb" and account.core.term == 12:
        open_roles.append("power_user")
    taken = {person.name for person in people}
    titles = _TITLES[account.speaks]
    departments = list_departments(account)
    for role in open_roles:
        name = draw_name(rng, account.country, taken, reserved)
        taken.add(name)
        stance = draw_stance(rng, role)
        department = _DEPARTMENT_OF.get(role) or rng.choice(departments)
        owns = account.tier == "smb" and role == "decision_maker"
        title = rng.choice(_OWNERS[account.speaks] if owns else titles[role])
        people.append(Person(name, title, department, role, stance))
    if account.tier != "smb" and account.team_drawn and rng.random() < 0.4:
        name = draw_name(rng, account.country, taken, reserved)
        title = rng.choice(titles["power_user"])
        people.append(Person(name, title, departments[0], "power_user", left=rng.randrange(120, 640)))
    return people


def draw_stance(rng: Random, role: str) -> str:
    """Draw how somebody speaks of Brindel: most champions for it, most others neither for nor against."""
    drawn = rng.random()
    if drawn < (0.66 if role == "champion" else 0.13):
        return "supporter"
    return "detractor" if drawn > (0.98 if role == "champion" else 0.94) else "neutral"


def list_contacts(
    history: History, account: Account, customer_since: date, seed: int, reserved: frozenset[str]
) -> list[Contact]:
    """Return the contacts of an account, in the order in which they became known."""
    rng = open_generator(seed, account.account_id, "contacts")
    age = history.days_since(customer_since)
    dated = []
    for person in complete_team(account, rng, reserved):
        early = person.role in {"decision_maker", "champion"} or rng.random() < 0.45
        since = age + rng.randrange(5, 60) if early else rng.randrange(age // 4, age + 1)
        if person.left is not None:
            since = max(since, person.left + 200)
        if person.since is not None:
            since = person.since
        dated.append((history.some_workday_ago(since), person))
    dated.sort(key=lambda pair: pair[0])
    return [
        Contact(
            contact_id=f"P-{account.number}-{order:02d}",
            account=account,
            name=person.name,
            email=write_address(person.name, account.domain, account.country),
            phone=draw_phone(rng, account.country) if rng.random() < 0.8 else "",
            title=person.title,
            department=person.department,
            role=person.role,
            stance=person.stance,
            known_since=known_since,
            left_on=None if person.left is None else history.ago(person.left),
        )
        for order, (known_since, person) in enumerate(dated, start=1)
    ]


def find_sponsor(contacts: list[Contact]) -> Contact | None:
    """Return the executive sponsor: the person the roster names first, else who decides."""
    first_named = [person.name for contact in contacts[:1] for person in contact.account.people[:1]]
    named = [contact for contact in contacts if contact.name in first_named]
    deciders = [contact for contact in contacts if contact.role == "decision_maker"]
    return next(iter(named + deciders), None)


def yield_contacts(contacts: list[Contact]) -> Iterator[dict]:
    for contact in contacts:
        yield {
            "contact_id": contact.contact_id,
            "account_id": contact.account.account_id,
            "name": contact.name,
            "email": contact.email,
            "phone": contact.phone,
            "title": contact.title,
            "department": contact.department,
            "role": contact.role,
            "stance": contact.stance,
            "known_since": contact.known_since,
            "left_on": contact.left_on,
        }
