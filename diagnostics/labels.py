"""What the contract's codes are called on the screens."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ROLES: Mapping[str, Any] = {
    "economic_buyer": _("Economic buyer"),
    "decision_maker": _("Decision-maker"),
    "champion": _("Champion"),
    "influencer": _("Influencer"),
    "power_user": _("Power user"),
    "user": _("User"),
}
DECIDING_ROLES = ("economic_buyer", "decision_maker")
STANCES: Mapping[str, Any] = {
    "supporter": _("Supporter"),
    "neutral": _("Neutral"),
    "detractor": _("Detractor"),
}
STAGES: Mapping[str, Any] = {
    "identified": _("Identified"),
    "qualified": _("Qualified"),
    "proposed": _("Proposed"),
    "negotiation": _("Negotiation"),
    "won": pgettext_lazy("opportunity", "Won"),
    "lost": pgettext_lazy("opportunity", "Lost"),
}
CLOSED_STAGES = ("won", "lost")
OPPORTUNITY_KINDS: Mapping[str, Any] = {
    "upsell": _("Upsell"),
    "seats": _("Seats"),
    "usage": _("Usage"),
    "cross_sell": _("Cross-sell"),
    "price": _("Price"),
    "renewal": _("Renewal"),
}
TICKET_PRIORITIES: Mapping[str, Any] = {
    "low": pgettext_lazy("ticket priority", "Low"),
    "normal": pgettext_lazy("ticket priority", "Normal"),
    "high": pgettext_lazy("ticket priority", "High"),
    "urgent": pgettext_lazy("ticket priority", "Urgent"),
}
EXCHANGE_KINDS: Mapping[str, Any] = {
    "meeting": _("Meeting"),
    "call": _("Call"),
    "email": _("E-mail"),
    "note": _("Note"),
    "qbr": _("Business review"),
}
EXCHANGE_STATES: Mapping[str, Any] = {
    "": pgettext_lazy("exchange", "held"),
    "held": pgettext_lazy("exchange", "held"),
    "planned": pgettext_lazy("exchange", "planned"),
    "cancelled": pgettext_lazy("exchange", "cancelled"),
}
SURVEY_KINDS: Mapping[str, Any] = {"nps": _("NPS"), "csat": _("CSAT"), "ces": _("CES")}
EVENT_KINDS: Mapping[str, Any] = {
    "release": _("Release"),
    "incident": _("Incident"),
    "price_change": _("Price change"),
}
CELL_STATES: Mapping[str, Any] = {
    "in_use": _("in use"),
    "open": pgettext_lazy("whitespace", "open"),
    "no_fit": _("no fit"),
}


def name_code(names: Mapping[str, Any], code: str) -> str:
    """The label of a code; a code that no table knows stands as it came."""
    return str(names[code]) if code in names else code
