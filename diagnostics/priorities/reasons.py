"""Which contributions of a diagnosis speak for a priority: the reasons that its row shows, in their order."""

from collections.abc import Iterable

from diagnostics.engine import Contribution
from diagnostics.priorities.candidates import GROWTH

MOST_REASONS = 2  # why now, and the second fact
LEAST_POINTS = 1.0  # less is no reason to act
# The signals that open a lever say why now, whatever weighs more in the potential.
OPENS = {
    "upsell": ("limit_used", "limit_ahead"),
    "seats": ("seats_taken",),
    "usage": ("limit_used", "limit_ahead"),
    "cross_sell": ("need_voiced",),
}


def choose_reasons(kind: str, given: Iterable[Contribution], *, has_own_words: bool) -> list[Contribution]:
    """What gives most potential or costs most health, and is known; what opens the lever comes first.

    `has_own_words`: the kind says in figures of its own what the signal of a notice would say again.
    """
    growth = kind in GROWTH
    score = "potential" if growth else "health"
    speaking = [
        one
        for one in given
        if one.score == score
        and one.known
        and one.source != "scale"
        and (one.points > 0) == growth
        and abs(one.points) >= LEAST_POINTS
        and not (has_own_words and one.name == "notice_given")
    ]
    speaking.sort(key=lambda one: (-abs(one.points), one.number))
    openers = OPENS.get(kind, ())
    first = next((one for one in speaking if one.name in openers), None)
    # Two signals on one limit say the same twice: the other one comes last.
    rest = sorted((one for one in speaking if one is not first), key=lambda one: one.name in openers)
    return [first, *rest] if first else rest
