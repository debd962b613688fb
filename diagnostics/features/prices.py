"""Products and plans, and what the book pays for them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnostics.engine.columns import Numbers, fill, where

from .periods import Periods
from .reading import AMOUNT, COUNT, FLAG, ID, RATES, TEXT, Ids, Rows
from .vectors import Places, find_places, known, median

PRODUCTS = {"id": ID, "product_id": TEXT, "core": FLAG}
PRODUCT_STATEMENT = """
SELECT id, id, core FROM portfolio_product WHERE organization_id = %(organization)s ORDER BY id
"""

PLANS = {
    "id": ID,
    "plan_id": TEXT,
    "product_id": ID,
    "rank": COUNT,
    "price_basis": TEXT,
    "list": AMOUNT,
    "place": COUNT,  # by source_id
}
PLAN_STATEMENT = f"""
WITH {RATES}
SELECT p.id, p.id, p.product_id, p.rank, p.price_basis, p.list_price_monthly::float8 * rates.rate,
    row_number() OVER (ORDER BY p.source_id)
FROM portfolio_plan p LEFT JOIN rates ON rates.currency = coalesce(nullif(p.currency, ''), %(currency)s)
WHERE p.organization_id = %(organization)s ORDER BY p.id
"""  # noqa: S608  # put together from constants

LIMITS = {"plan_id": ID, "metric": TEXT, "included": AMOUNT}
LIMIT_STATEMENT = "SELECT plan_id, metric, included FROM portfolio_planlimit WHERE organization_id = %(organization)s"

# What a `Catalogue` is made of.
CATALOGUE = ((PRODUCT_STATEMENT, PRODUCTS), (PLAN_STATEMENT, PLANS), (LIMIT_STATEMENT, LIMITS))

PAYING = 3  # so many accounts must pay for a plan before the book has a price for it


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products, plans and limits, the first two sorted by id."""

    products: Rows
    plans: Rows
    limits: Rows

    def find_products(self, ids: Ids) -> Places:
        """The places of products; -1 where it is none of these."""
        return _find(self.products.ids["id"], ids)

    def find_plans(self, ids: Ids) -> Places:
        """The places of plans; -1 for none."""
        return _find(self.plans.ids["id"], ids)


def _find(ids: Ids, wanted: Ids) -> Places:
    places, stands = find_places(ids, wanted)
    return np.where(stands, places, -1)


@dataclass(frozen=True, slots=True)
class PlanPrices:
    """What the book pays for each plan of the catalogue in a month, where enough accounts do."""

    flat: Numbers
    unit: Numbers  # a seat


def read_plan_prices(catalogue: Catalogue, live: Periods) -> PlanPrices:
    """Medians of what runs; `live` are the periods that do."""
    plans, size = catalogue.find_plans(live.plan), catalogue.plans.height
    paid = (live.mrr > 0) & (plans >= 0)
    plans, mrr, seats = plans[paid], live.mrr[paid], live.seats[paid]
    enough = np.bincount(plans, minlength=size) >= PAYING
    seated = seats > 0
    unit = median(plans[seated], mrr[seated] / seats[seated], size)
    return PlanPrices(where(enough, median(plans, mrr, size)), where(enough, unit))


def find_next_plans(catalogue: Catalogue, prices: PlanPrices, main: Periods) -> tuple[NDArray[np.object_], Numbers]:
    """The plan of the next higher rank of the same product, and its price in a month, for each main subscription.

    Of several of one rank, the one with a price above what is paid now, then the cheapest, then the first by its own
    id in the source. Ids are None where there is none.
    """
    rows = catalogue.plans
    product, rank, listed = rows.ids["product_id"], rows.numbers["rank"], rows.numbers["list"]
    per_seat = np.array([basis == "per_seat" for basis in rows.texts["price_basis"]], dtype=bool)
    compared = fill(listed, prices.flat)
    each = fill(listed, np.where(per_seat, prices.unit, prices.flat))
    names = np.array(rows.texts["plan_id"], dtype=object)
    ids = np.full(main.plan.size, None, dtype=object)
    cost = np.full(main.plan.size, np.nan)
    plans = catalogue.find_plans(main.plan)
    for place in np.unique(plans[plans >= 0]):
        higher = rank[(product == product[place]) & (rank > rank[place])]
        # A subscription may name another product than its plan does.
        for owned in np.unique(main.product[plans == place]) if higher.size else ():
            above = np.flatnonzero((product == owned) & (rank == higher.min()))
            if above.size:
                who = np.flatnonzero((plans == place) & (main.product == owned))
                chosen = _choose(above, compared, rows.numbers["place"], main.mrr[who])
                ids[who] = names[chosen]
                cost[who] = each[chosen] * np.where(per_seat[chosen], main.seats[who], 1.0)
    return ids, cost


def _choose(above: Places, price: Numbers, place: Numbers, mrr: Numbers) -> Places:
    """For each account that pays `mrr`, one of the plans `above`."""
    if above.size == 1:
        return np.full(mrr.size, above[0])
    order = above[np.lexsort((place[above], price[above]))]  # what has no price comes last
    dearer = price[order][None, :] > mrr[:, None]
    told = known(price[order])[None, :] & known(mrr)[:, None]
    rank = np.where(told, np.where(dearer, 0, 1), 2)
    return order[rank.argmin(axis=1)]
