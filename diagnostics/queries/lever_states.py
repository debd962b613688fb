"""The levers in order, each with what it is worth and what unlocks it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from accounts.formats import format_day, format_number
from diagnostics.engine.levers import DECISION_WINDOW_DAYS, EVIDENCE_DAYS, LIMIT_WINDOW_DAYS
from diagnostics.engine.model import Thresholds
from diagnostics.models import Diagnosis

STEPS = (("retain",), ("upsell", "seats", "usage"), ("cross_sell",), ("price",))


@dataclass(frozen=True, slots=True)
class LeverState:
    """One step. `state`: done, now, locked (worth something, not open yet) or none (no room known)."""

    levers: tuple[str, ...]
    lever: str
    state: str
    arr: Decimal
    reason: str


def describe_levers(diagnosis: Diagnosis, rule: Thresholds, language: str, night: date) -> list[LeverState]:
    """The four steps: retain, then upsell, seats or usage, then cross-sell, then price."""
    french = language.startswith("fr")
    states = [_retain(diagnosis, rule, french, language)]
    opened = diagnosis.lever not in ("", "retain")
    for levers in STEPS[1:]:
        rooms = {lever: getattr(diagnosis, f"{lever}_arr") for lever in levers}
        # Rooms of one step exclude each other; without any, the step stands under its first name.
        lever = diagnosis.lever if diagnosis.lever in levers else max(levers, key=lambda name: rooms[name])
        arr = rooms[lever]
        if diagnosis.lever == lever:
            states.append(LeverState(levers, lever, "now", arr, _window(diagnosis, rule, french, language, night)))
        elif not arr:
            reason = "Aucun potentiel connu." if french else "No room is known."
            states.append(LeverState(levers, lever, "none", arr, reason))
        else:
            states.append(
                LeverState(levers, lever, "locked", arr, _lock(diagnosis, lever, opened, rule, french, language))
            )
    return states


def _retain(diagnosis: Diagnosis, rule: Thresholds, french: bool, language: str) -> LeverState:
    if diagnosis.lever != "retain":
        if diagnosis.health is None:
            reason = "Santé non donnée." if french else "Health is withheld."
            return LeverState(STEPS[0], "retain", "none", Decimal(0), reason)
        level = format_number(rule.fragile_below, language=language)
        reason = f"Santé à **{level}** ou plus." if french else f"Health at **{level}** or more."
        return LeverState(STEPS[0], "retain", "done", Decimal(0), reason)
    level = format_number(rule.recovered_from, language=language)
    if not diagnosis.fragile:
        reason = "Préavis donné ou contrat échu." if french else "Notice given, or the contract has run out."
    elif french:
        reason = f"Fin à **{level}** de santé pendant **{rule.recovered_nights} nuits** : {diagnosis.recovered_nights}."
    else:
        reason = (
            f"Leaves at health **{level}** for **{rule.recovered_nights} nights**: {diagnosis.recovered_nights} so far."
        )
    return LeverState(STEPS[0], "retain", "now", diagnosis.value_at_risk, reason)


def _window(diagnosis: Diagnosis, rule: Thresholds, french: bool, language: str, night: date) -> str:
    """Since when it is open, the earliest of what ends it, and the health below which it closes at once."""
    level = format_number(rule.window_closes_below, language=language)
    opened = diagnosis.lever_since or night
    since = format_day(opened, language=language, today=night)
    if diagnosis.window_ends_on is None:
        if french:
            return f"Ouverte depuis le **{since}**, sans fin en vue ; se ferme sous **{level}** de santé."
        return f"Open since **{since}**, no end in sight; closes below health **{level}**."
    day = format_day(diagnosis.window_ends_on, language=language, today=night)
    why = _ends_by(diagnosis)[french]
    if french:
        return f"Ouverte depuis le **{since}**. Se ferme le **{day}**{why}, ou sous **{level}** de santé."
    return f"Open since **{since}**. Closes **{day}**{why}, or below health **{level}**."


def _ends_by(diagnosis: Diagnosis) -> tuple[str, str]:
    """Which of the ends comes first, in English and French."""
    ends = diagnosis.window_ends_on
    if diagnosis.decision_on and ends == diagnosis.decision_on - timedelta(days=DECISION_WINDOW_DAYS):
        return (
            f", {DECISION_WINDOW_DAYS} days before the decision",
            f", {DECISION_WINDOW_DAYS} jours avant la décision",
        )
    if diagnosis.limit_on and ends == diagnosis.limit_on + timedelta(days=LIMIT_WINDOW_DAYS):
        return (
            f", {LIMIT_WINDOW_DAYS} days after the limit is reached",
            f", {LIMIT_WINDOW_DAYS} jours après l’atteinte de la limite",
        )
    if diagnosis.lever == "cross_sell":
        return (
            f", {EVIDENCE_DAYS} days after the need was last voiced",
            f", {EVIDENCE_DAYS} jours après la dernière expression du besoin",
        )
    return ", with the decision", ", avec la décision"


def _lock(diagnosis: Diagnosis, lever: str, opened: bool, rule: Thresholds, french: bool, language: str) -> str:
    if diagnosis.lever == "retain":
        return "S’ouvre après la fidélisation." if french else "Opens after Retain."
    if opened:
        return (
            "Un levier à la fois : après celui qui est ouvert."
            if french
            else "One lever at a time: after the open one."
        )
    if diagnosis.health is None:
        return "S’ouvre une fois la santé connue." if french else "Opens once health is known."
    level = format_number(rule.fragile_below, language=language)
    if diagnosis.healthy_nights < min(rule.healthy_nights, diagnosis.nights):
        nights = f"{diagnosis.healthy_nights}/{rule.healthy_nights}"
        return (
            f"S’ouvre après **{rule.healthy_nights} nuits** à **{level}** ou plus ({nights})."
            if french
            else f"Opens after **{rule.healthy_nights} nights** at **{level}** or more ({nights})."
        )
    if lever == "cross_sell":
        return (
            "S’ouvre quand un besoin est exprimé et que l’adoption est solide."
            if french
            else "Opens when a need is voiced and adoption is solid."
        )
    if lever == "price":
        return "S’ouvre dans les six mois avant la décision." if french else "Opens within six months of the decision."
    return "Hors de la fenêtre de décision." if french else "Its window is not open now."
