"""By which lever an expansion came: the row's own reason, else derived from what changed."""

from decimal import Decimal

from portfolio.ledger.periods import Period

EXPANSION_REASONS = frozenset({"upsell", "cross_sell", "seats", "usage", "price"})
Parts = list[tuple[str, Decimal]]


def split_expansion(before: list[Period], after: list[Period], amount: Decimal, owned: frozenset[str]) -> Parts:
    """[(lever, part)] of an increase in one product family, in order; the parts add up to `amount` exactly.

    `owned`: products that the account had paid for before. Several rows, or no row before, cannot be taken apart
    further than a new product (cross_sell) or more of the same (upsell).
    """
    stated = {p.change_reason for p in after if p not in before} & EXPANSION_REASONS
    if len(stated) == 1:
        return [(stated.pop(), amount)]
    if any(p.product_id not in owned for p in after) and not before:
        return [("cross_sell", amount)]
    if len(before) != 1 or len(after) != 1:
        return [("upsell", amount)]
    return _take_apart(before[0], after[0], amount)


def _take_apart(old: Period, new: Period, amount: Decimal) -> Parts:
    """One row became another: plan first, then seats, then price; parts against the direction are netted."""
    if new.product_id != old.product_id:
        return [("cross_sell", amount)]
    if new.metered and old.metered:
        return [("usage", amount)]
    rank_up = new.plan_rank is not None and old.plan_rank is not None and new.plan_rank > old.plan_rank
    rise = new.mrr - old.mrr
    if not old.seats or not new.seats or old.seats == new.seats or not rise:
        return [("upsell" if rank_up else "price", amount)]
    old_unit, new_unit = old.mrr / old.seats, new.mrr / new.seats
    if rank_up:
        first, second = ("upsell", (new_unit - old_unit) * old.seats), ("seats", (new.seats - old.seats) * new_unit)
    else:
        first, second = ("seats", (new.seats - old.seats) * old_unit), ("price", (new_unit - old_unit) * new.seats)
    share = min(max(first[1] / rise, Decimal(0)), Decimal(1))
    part = (amount * share).quantize(Decimal("0.0001"))
    return [(lever, value) for lever, value in ((first[0], part), (second[0], amount - part)) if value]
