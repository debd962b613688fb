"""Whose priority it is, and in which order: as many a person and day as the organization says, by expected effect."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from math import fsum
from typing import Any

from diagnostics.book import DiagnosedBook
from diagnostics.models import Priority
from diagnostics.priorities.candidates import Candidate, round_to

KEPT_LEFT_OUT = 10
# A deadline within thirty days raises the weight, up to double on its day; the effect that is shown stays as it is.
URGENT_DAYS = 30
# Under this share of the person's largest expected effect a subject is not worth a place.
LEAST_SHARE = 0.03
ACCOUNT_MANAGER_KINDS = ("renewal", "upsell", "seats", "usage", "cross_sell", "price", "opportunity")


def assign_owners(candidates: list[Candidate], book: DiagnosedBook) -> None:
    """Whose each is: the AM's for growth, renewals and opportunities if one is named, else the CSM's; '' unowned."""
    csm, am = book.features["csm_email"], book.features["am_email"]
    for one in candidates:
        manager = am[one.row] or ""
        sold = one.kind in ACCOUNT_MANAGER_KINDS and manager
        one.owner_email = manager if sold else csm[one.row] or manager


def weigh(candidates: list[Candidate], night: date) -> None:
    """effect, urgency and weight = effect × urgency. An effect that nobody can tell weighs nothing."""
    for one in candidates:
        if one.base is not None and one.probability is not None:
            one.effect = round_to(one.base * one.probability * one.share, 2)
        days = (one.deadline - night).days if one.deadline else -1
        if days >= 0:
            one.urgency = round_to(1 + min(max((URGENT_DAYS - days) / URGENT_DAYS, 0.0), 1.0), 4) or 1.0
        one.weight = 0.0 if one.effect is None else one.effect * one.urgency


def keep_one_per_account(candidates: list[Candidate]) -> list[Candidate]:
    """The heaviest waiting subject of each account and person; its `also` lists the kinds that give way to it.

    A subject that is left out already hides none that waits: it stays as a row of its own, with those that it speaks
    for (`spoken_for`).
    """
    first: dict[tuple[str, ...], Candidate] = {}

    def put(one: Candidate, *key: str) -> None:
        heaviest = first.setdefault(key, one)
        if heaviest is not one:
            heaviest.also.append(one.kind)

    away = []
    for one in sorted(candidates, key=lambda one: (*_largest_first(one.weight, one.base), one.account_id, one.subject)):
        if one.left_out == "":
            put(one, one.account_id, one.owner_email)
        elif one.spoken_for is None:
            put(one, one.account_id, one.owner_email, one.subject)
        else:
            away.append(one)
    # Behind all those that may speak for them.
    for one in away:
        put(one, one.account_id, one.owner_email, one.spoken_for or "")
    return list(first.values())


def rank(candidates: list[Candidate], a_day: int) -> list[Candidate]:
    """In their order, with a rank from 1 to `a_day` for each person; left_out says why one has none. Those left out
    before stay so.

    The rows of a pool are one: they share a rank, by the sum of their effects.
    """
    units = [one.pool or one.account_id for one in candidates]
    effects = _add_up(candidates, units, lambda one: one.effect)
    weights = _add_up(candidates, units, lambda one: one.weight)
    bases = _add_up(candidates, units, lambda one: one.base)
    largest: dict[str, float] = {}
    for one, effect in zip(candidates, effects, strict=True):
        if one.left_out == "" and effect is not None:
            largest[one.owner_email] = max(effect, largest.get(one.owner_email, effect))

    def order(place: int) -> tuple[Any, ...]:
        one = candidates[place]
        of_unit = (*_largest_first(weights[place], bases[place]), units[place])
        return (*of_unit, *_largest_first(one.weight, one.base), one.account_id, one.subject)

    taken: dict[str, dict[str, int]] = {}
    ranked = []
    for place in sorted(range(len(candidates)), key=order):
        one, effect = candidates[place], effects[place]
        ranked.append(one)
        if one.left_out != "":
            continue
        if effect is not None and effect < LEAST_SHARE * largest[one.owner_email]:
            one.left_out = Priority.LeftOut.BELOW_THRESHOLD.value
            continue
        places = taken.setdefault(one.owner_email, {})
        found = places.setdefault(units[place], len(places) + 1)
        if found <= a_day:
            one.rank = found
        else:
            one.left_out = Priority.LeftOut.MORE_THAN_TEN.value
    return ranked


def _add_up(
    candidates: list[Candidate], units: list[str], read: Callable[[Candidate], float | None]
) -> list[float | None]:
    """Of each row that waits the sum over its person's unit, where anything of it is known; of others their own."""
    values = [read(one) for one in candidates]
    parts: dict[tuple[str, str], list[float]] = {}
    for one, unit, value in zip(candidates, units, values, strict=True):
        if one.left_out == "" and value is not None:
            parts.setdefault((one.owner_email, unit), []).append(value)
    # Exactly rounded sums do not hang on the order of the rows.
    sums = {key: fsum(each) for key, each in parts.items()}
    return [
        sums.get((one.owner_email, unit), value) if one.left_out == "" else value
        for one, unit, value in zip(candidates, units, values, strict=True)
    ]


def _largest_first(*values: float | None) -> tuple[tuple[bool, float], ...]:
    """What sorts the largest first and what is not known last."""
    return tuple((value is None, -(value or 0.0)) for value in values)


def keep_first_left_out(ranked: list[Candidate]) -> tuple[list[Candidate], dict[str, int]]:
    """The rows to keep, and how many of each person are not: of those left out for want of a place the first ten.

    Nobody reads further down; in a large book they would be most of what a night writes.
    """
    unplaced = (Priority.LeftOut.MORE_THAN_TEN.value, Priority.LeftOut.BELOW_THRESHOLD.value)
    seen: Counter[str] = Counter()
    kept = []
    for one in ranked:
        seen[one.owner_email] += one.left_out in unplaced
        if one.left_out not in unplaced or seen[one.owner_email] <= KEPT_LEFT_OUT:
            kept.append(one)
    return kept, {owner: count - KEPT_LEFT_OUT for owner, count in seen.items() if count > KEPT_LEFT_OUT}
