"""The message that one cause calls for, drafted in English and French from the facts alone; nothing is sent.

A draft asks and offers. It states what the organization did (an event with its day) and what the cause's source shows;
it never names a figure of one customer, since the same words go to several.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from accounts.formats import NARROW, format_day

# French sets these signs off by a space at which no line may break.
GAP = re.compile(r" (?=[;:!?»])|(?<=«) ")
ANSWER_DAYS = 7  # by when an answer is asked for
MOST_ADDRESSES = 50  # mail programs cut a longer link off

# code -> (subject, paragraph) in English and French; {what} the event's title, {since}, {ended}, {by} dates.
EVENTS: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "release": (
        (
            "{what}: has it changed anything for you?",
            "On {since} we released “{what}”. Since then several of our customers use our product less or have more "
            "questions about it, and you may have noticed it too. We do not know yet whether the release is the reason "
            "in your case.",
        ),
        (
            "{what} : qu’est-ce qui a changé pour vous ?",
            "Le {since}, nous avons publié « {what} ». Depuis, plusieurs de nos clients utilisent moins notre produit "
            "ou nous posent plus de questions, et vous l’avez peut-être remarqué aussi. Nous ne savons pas encore si "
            "cette version en est la raison chez vous.",
        ),
    ),
    "incident": (
        (
            "{what}: how are you since?",
            "On {since} we had an incident: “{what}”.{ended} Since then several of our customers use our product less "
            "or have more questions about it. We do not know yet whether the incident is the reason in your case.",
        ),
        (
            "{what} : où en êtes-vous depuis ?",
            "Le {since}, nous avons eu un incident : « {what} ».{ended} Depuis, plusieurs de nos clients utilisent "
            "moins notre produit ou nous posent plus de questions. Nous ne savons pas encore si cet incident en est "
            "la raison chez vous.",
        ),
    ),
    "price_change": (
        (
            "{what}: your questions",
            "On {since} we announced “{what}”. We would like to know what it means for you before it becomes a "
            "difficulty.",
        ),
        (
            "{what} : vos questions",
            "Le {since}, nous avons annoncé « {what} ». Nous aimerions savoir ce que cela signifie pour vous, avant "
            "que cela ne devienne une difficulté.",
        ),
    ),
}
ENDED = (" It ended on {day}.", " Il a pris fin le {day}.")
# By source of the first cause for what is to retain, by lever for what can grow, by kind for the rest.
CAUSES: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "usage": (
        (
            "How our product serves you now",
            "Over the last weeks your team has used our product less than before. We would like to understand what "
            "changed, and to help where something stands in your way.",
        ),
        (
            "Ce que notre produit vous apporte aujourd’hui",
            "Ces dernières semaines, votre équipe a moins utilisé notre produit. Nous aimerions comprendre ce qui a "
            "changé, et vous aider là où quelque chose vous gêne.",
        ),
    ),
    "support": (
        (
            "Your open requests",
            "Requests of yours have taken longer with us than they should. We would like to go through them with you "
            "and give each one a date.",
        ),
        (
            "Vos demandes en cours",
            "Certaines de vos demandes ont pris chez nous plus de temps qu’elles n’auraient dû. Nous aimerions les "
            "reprendre avec vous et donner une date à chacune.",
        ),
    ),
    "billing": (
        (
            "Your contract and invoices",
            "We would like to go through your contract and the open points of your invoices with you, and settle what "
            "is still in the way.",
        ),
        (
            "Votre contrat et vos factures",
            "Nous aimerions revoir avec vous votre contrat et les points ouverts de vos factures, et régler ce qui "
            "reste en suspens.",
        ),
    ),
    "crm": (
        (
            "A word with you",
            "It has been a while since we last spoke. We would like to hear how things stand on your side, and who "
            "should be part of the conversation.",
        ),
        (
            "Prendre de vos nouvelles",
            "Nous ne nous sommes pas parlé depuis un moment. Nous aimerions savoir où vous en êtes, et qui devrait "
            "prendre part à nos échanges.",
        ),
    ),
    "upsell": (
        (
            "Your plan is getting tight",
            "Your use comes close to what your plan includes. Before it gets in your way, we would like to show you "
            "what the next plan would change.",
        ),
        (
            "Votre forfait devient juste",
            "Votre usage approche de ce que comprend votre forfait. Avant que cela ne vous gêne, nous aimerions vous "
            "montrer ce que changerait le forfait suivant.",
        ),
    ),
    "seats": (
        (
            "Your seats are almost taken",
            "Most of your seats are in use. So that nobody has to wait for one, we would like to agree on how many you "
            "will need.",
        ),
        (
            "Vos sièges sont presque tous pris",
            "La plupart de vos sièges sont utilisés. Pour que personne n’ait à attendre, nous aimerions convenir avec "
            "vous du nombre nécessaire.",
        ),
    ),
    "usage_lever": (
        (
            "Your allowance",
            "Your use is beyond what was agreed, or about to be. We would like to find the allowance that fits how you "
            "work now.",
        ),
        (
            "Votre volume",
            "Votre usage dépasse ce qui était convenu, ou s’apprête à le faire. Nous aimerions trouver le volume qui "
            "correspond à votre façon de travailler aujourd’hui.",
        ),
    ),
    "cross_sell": (
        (
            "What you asked for",
            "You told us of a need beside what you use today. We have something for it and would like to show it to "
            "you, without obligation.",
        ),
        (
            "Ce que vous nous avez demandé",
            "Vous nous avez parlé d’un besoin au-delà de ce que vous utilisez aujourd’hui. Nous avons une réponse et "
            "aimerions vous la présenter, sans engagement.",
        ),
    ),
    "price": (
        (
            "Your renewal",
            "Your contract comes up for renewal. We would like to go through its terms with you in good time.",
        ),
        (
            "Votre renouvellement",
            "Votre contrat arrive à son renouvellement. Nous aimerions en revoir les conditions avec vous, à temps.",
        ),
    ),
}
FRAME = (
    "Hello,\n\n{paragraph}\n\nCould you tell me by {by} what matters most to you, and when we can talk?\n\n"
    "Best regards,\n{member}\n{organization}",
    "Bonjour,\n\n{paragraph}\n\nPourriez-vous me dire d’ici le {by} ce qui compte le plus pour vous, et quand nous "
    "pouvons nous parler ?\n\nBien cordialement,\n{member}\n{organization}",
)


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What a draft may name. `cause` is a key of CAUSES; an event, where there is one, speaks in its place."""

    cause: str
    member: str
    organization: str
    today: date
    event_kind: str = ""
    event_title: str = ""
    event_on: date | None = None
    event_ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One message, ready to be copied or opened in a mail program."""

    language: str
    subject: str
    body: str

    def link(self, addresses: list[str]) -> str:
        """A mailto: link that hides the addresses from each other; with too many of them, without any."""
        hidden = ",".join(quote(address, safe="@") for address in addresses) if len(addresses) <= MOST_ADDRESSES else ""
        return f"mailto:?bcc={hidden}&subject={quote(self.subject)}&body={quote(self.body)}"


def draft_message(facts: DraftFacts, language: str) -> Draft | None:
    """The message in `en` or `fr`; None where the cause is an internal matter, of which no customer is told."""
    french = language == "fr"
    if facts.event_kind in EVENTS and facts.event_on is not None and facts.event_title:
        subject, paragraph = EVENTS[facts.event_kind][french]
    elif facts.cause in CAUSES:
        subject, paragraph = CAUSES[facts.cause][french]
    else:
        return None

    def name(day: date) -> str:
        return format_day(day, language=language, today=facts.today)

    named = {
        "what": facts.event_title,
        "since": name(facts.event_on) if facts.event_on else "",
        "ended": ENDED[french].format(day=name(facts.event_ended_on)) if facts.event_ended_on else "",
    }
    body = FRAME[french].format(
        paragraph=paragraph.format(**named),
        by=name(facts.today + timedelta(days=ANSWER_DAYS)),
        member=facts.member,
        organization=facts.organization,
    )
    subject = subject.format(**named)
    if french:
        subject, body = (GAP.sub(NARROW, text) for text in (subject, body))
    return Draft(language, subject, body)
