"""What a priority says, in English and French, written when it is shown: why now, and the next action.

An action is a verb, a person, a date or a price. Figures stand in **bold**.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from accounts.formats import format_day, format_money, format_number
from diagnostics.models import Priority

# Beyond this the deadline is too far to act by: two weeks from the night is the date.
NEAR_DAYS = 45
NEXT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as an action names them."""

    name: str
    title: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else ""


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """Everything an action may name. `base` is the room of a lever, or the ARR at stake."""

    kind: str
    night: date
    language: str
    currency: str
    person: Person | None = None
    first_source: str = ""
    noticed: bool = False
    recovering: bool = False
    deadline: date | None = None
    base: Decimal | None = None
    plan: str = ""
    product: str = ""


# code -> (channel, English, French); {who} a person, {by} " before 26 Nov", {price} ", +€26,000", {plan}, {product}.
ACTIONS: dict[str, tuple[str, str, str]] = {
    "retain_usage": (
        "call",
        "Call {who} about the drop in use{by}.",
        "Appelez {who} au sujet de la baisse d’usage{by}.",
    ),
    "retain_support": (
        "call",
        "Call {who} with a dated fix{by}.",
        "Appelez {who} avec une date de correction{by}.",
    ),
    "retain_billing": (
        "mail",
        "Settle the open payments with {who}{by}.",
        "Réglez les paiements en suspens avec {who}{by}.",
    ),
    "retain_crm": ("meet", "Meet {who} and agree on a next step{by}.", "Rencontrez {who} et fixez la suite{by}."),
    "retain_noticed": (
        "call",
        "Ask {who} what would make them stay{by}.",
        "Demandez à {who} ce qui les ferait rester{by}.",
    ),
    "retain_recovering": (
        "mail",
        "Confirm with {who} that it holds. No offer yet.",
        "Vérifiez avec {who} que cela tient. Pas encore d’offre.",
    ),
    "renewal": ("call", "Open the renewal with {who}{by}.", "Ouvrez le renouvellement avec {who}{by}."),
    "sponsor": ("mail", "Ask {who} for a named sponsor{by}.", "Demandez à {who} un sponsor désigné{by}."),
    "opportunity": (
        "mail",
        "Take the opportunity up with {who}{price}, or close it.",
        "Reprenez l’opportunité avec {who}{price}, ou clôturez-la.",
    ),
    "plan": ("internal", "Review the account plan with {who}{by}.", "Revoyez le plan de compte avec {who}{by}."),
    "owner": ("internal", "Name a CSM for this account{by}.", "Désignez un CSM pour ce compte{by}."),
    "upsell": ("mail", "Propose {plan} to {who}{price}{until}.", "Proposez {plan} à {who}{price}{until}."),
    "seats": ("mail", "Offer {who} more seats{price}{until}.", "Proposez à {who} davantage de sièges{price}{until}."),
    "usage": (
        "mail",
        "Agree on a higher allowance with {who}{price}{until}.",
        "Convenez d’un volume supérieur avec {who}{price}{until}.",
    ),
    "cross_sell": ("meet", "Show {product} to {who}{price}{until}.", "Présentez {product} à {who}{price}{until}."),
    "price": (
        "meet",
        "Bring the price back to the list with {who} at the renewal{price}{until}.",
        "Ramenez le prix au tarif avec {who} au renouvellement{price}{until}.",
    ),
}
UNNAMED = {
    "en": {"who": "a decision-maker", "plan": "the next plan", "product": "the product they asked for"},
    "fr": {"who": "un décideur", "plan": "le forfait supérieur", "product": "le produit demandé"},
}
LABELS = {
    "en": {"call": "Call {name}", "mail": "Write to {name}", "meet": "Meet {name}", "internal": "Open the account"},
    "fr": {"call": "Appeler {name}", "mail": "Écrire à {name}", "meet": "Rencontrer {name}", "internal": "Ouvrir"},
}
NOBODY = {"en": "Find a contact", "fr": "Trouver un contact"}

# The source of the kinds' own words, where it is not the CRM.
OWN_SOURCES = {"price": "billing", "retain": "billing"}
OWN_WORDS: dict[str, tuple[str, str]] = {
    "renewal": (
        "Decision on **{until}** and no exchange with anybody who decides since **{on}**.",
        "Décision le **{until}** et aucun échange avec un décideur depuis le **{on}**.",
    ),
    "renewal_never": (
        "Decision on **{until}** and no exchange on record.",
        "Décision le **{until}** et aucun échange enregistré.",
    ),
    "sponsor": (
        "The sponsor **left on {on}** and no other is known.",
        "Le sponsor **est parti le {on}** et aucun autre n’est connu.",
    ),
    "opportunity": (
        "An opportunity of **{amount}** has not moved since **{on}**.",
        "Une opportunité de **{amount}** n’a pas bougé depuis le **{on}**.",
    ),
    "plan": (
        "The account plan was last touched on **{on}**, **{age} days** ago.",
        "Le plan de compte date du **{on}**, il y a **{age} jours**.",
    ),
    "owner": ("**No CSM and no AM** is named.", "**Aucun CSM ni AM** n’est désigné."),
    "price": (
        "Pays **{discount}%** below the list price.",
        "Paie **{discount}\N{NO-BREAK SPACE}%** de moins que le tarif.",
    ),
    "retain_noticed": (
        "Notice was given on **{on}**.",
        "Le préavis a été donné le **{on}**.",
    ),
}


def choose_action(facts: ActionFacts) -> str:
    """The code of `ACTIONS` that fits."""
    if facts.kind != Priority.Kind.RETAIN:
        return facts.kind
    if facts.noticed:
        return "retain_noticed"
    if facts.recovering:
        return "retain_recovering"
    return f"retain_{facts.first_source or 'usage'}"


def describe_action(facts: ActionFacts) -> tuple[str, str, str]:
    """Text, button label and channel (call, mail, meet, internal) of the next action."""
    language = "fr" if facts.language.startswith("fr") else "en"
    channel, english, french = ACTIONS[choose_action(facts)]
    unnamed = UNNAMED[language]
    person = facts.person if facts.person and facts.person.name else None
    who = unnamed["who"]
    if person:
        who = f"{person.name} ({person.title})" if person.title else person.name
    text = (french if language == "fr" else english).format(
        who=who,
        by=_before(facts, language),
        until=_window(facts, language),
        price=_price(facts, language),
        plan=facts.plan or unnamed["plan"],
        product=facts.product or unnamed["product"],
    )
    if channel != "internal" and person is None:
        return _tidy(text), NOBODY[language], "internal"
    return _tidy(text), LABELS[language][channel].format(name=person.first_name if person else ""), channel


def action_date(facts: ActionFacts) -> date:
    """The day before which to act: the deadline where it is near, else two weeks from the night."""
    if facts.deadline and facts.night < facts.deadline <= facts.night + timedelta(days=NEAR_DAYS):
        return facts.deadline
    return facts.night + timedelta(days=NEXT_DAYS)


def describe_own_words(
    kind: str, told: dict[str, str | float | None], *, night: date, language: str, currency: str
) -> str:
    """Why now, for the kinds whose figures are no signal's; '' for the others."""
    on, until = _day(told.get("on")), _day(told.get("until"))
    code = kind
    if kind == Priority.Kind.RENEWAL and on is None:
        code = "renewal_never"
    elif kind == Priority.Kind.RETAIN:
        code = "retain_noticed" if on else ""
    elif kind == Priority.Kind.PRICE and not told.get("discount"):
        return ""
    if code not in OWN_WORDS:
        return ""
    french = language.startswith("fr")
    amount = told.get("amount")
    return _tidy(
        OWN_WORDS[code][french].format(
            on=format_day(on, language=language, today=night) if on else "",
            until=format_day(until, language=language, today=night) if until else "",
            age=(night - on).days if on else 0,
            discount=_percent(told.get("discount"), language),
            amount=format_money(amount, currency, language=language) if isinstance(amount, int | float) else "",
        )
    )


def _before(facts: ActionFacts, language: str) -> str:
    day = format_day(action_date(facts), language=language, today=facts.night)
    return f" avant le **{day}**" if language == "fr" else f" before **{day}**"


def _window(facts: ActionFacts, language: str) -> str:
    if facts.deadline is None:
        return ""
    day = format_day(facts.deadline, language=language, today=facts.night)
    return f". La fenêtre se ferme le **{day}**" if language == "fr" else f". Window closes **{day}**"


def _price(facts: ActionFacts, language: str) -> str:
    if not facts.base:
        return ""
    return f", **{format_money(facts.base, facts.currency, language=language, signed=True)}**"


def _day(text: object) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None


def _percent(points: object, language: str) -> str:
    if not isinstance(points, int | float):
        return ""
    return format_number(points, language=language, digits=0 if points == int(points) else 1)


def _tidy(text: str) -> str:
    # French months end in a point of their own.
    return text.replace(".**.", "**.") if text.endswith(".**.") else text
