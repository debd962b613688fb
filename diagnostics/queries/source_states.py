"""How fresh each source is for one account, as its diagnosis read it. Asks no query."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.formats import format_day
from diagnostics.engine.confidence import CONTRADICTORY, FRESH, MISSING, STALE
from diagnostics.queries.account import AccountDiagnosis
from diagnostics.queries.causes import SOURCES

STATES = {MISSING: "missing", STALE: "late", CONTRADICTORY: "contradictory", FRESH: "fresh"}
SHOWN = ("crm", "usage", "support", "billing")


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source with its state (missing, late, contradictory, fresh) and the last day it knows."""

    source: str
    state: str
    known_to: date | None


def describe_sources(found: AccountDiagnosis) -> list[SourceState]:
    """The four sources in the order in which they are shown."""
    states = dict(zip(SOURCES, found.diagnosis.sources, strict=True))
    return [SourceState(source, STATES[states[source]], getattr(found.night, f"{source}_known_to")) for source in SHOWN]


def describe_gaps(found: AccountDiagnosis, day: date) -> str:
    """What weakens the confidence, in a few words; '' where all four sources are fresh."""
    parts = []
    for one in describe_sources(found):
        if one.state == "missing":
            words = {"crm": _("no CRM"), "usage": _("no usage"), "support": _("no support"), "billing": _("no billing")}
            parts.append(words[one.source])
        elif one.state in ("late", "contradictory") and one.known_to is not None:
            until = format_day(one.known_to, language=get_language() or "en", today=day)
            late = {
                "crm": _("CRM known up to %(day)s"),
                "usage": _("usage known up to %(day)s"),
                "support": _("support known up to %(day)s"),
                "billing": _("billing known up to %(day)s"),
            }
            odd = {
                "usage": _("usage contradicts itself"),
                "billing": _("billing contradicts itself"),
            }
            contradicts = one.state == "contradictory" and one.source in odd
            parts.append(odd[one.source] if contradicts else late[one.source] % {"day": until})
    return ", ".join(parts)
