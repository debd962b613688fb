"""Subscriptions as they were known on the night: what runs, since when, for how much, and what may come next."""

import numpy as np

from diagnostics.engine.columns import Numbers, count_days, fill, where

from .columns import AccountColumns
from .periods import Periods, Renewals, Terms, find_renewals, read_terms
from .prices import Catalogue, find_next_plans, read_plan_prices
from .reading import Facts
from .vectors import Places, as_marks, count, known, least, median, most, total

SMALL_CHANGE = 0.01  # of a month's amount: no movement
SMALL_RISE = 0.001  # of the unit price: none
DUE_DAYS = 90
AGO_DAYS = 180
MOVED_DAYS = 365


def add_subscriptions(accounts: AccountColumns, facts: Facts, periods: Periods, catalogue: Catalogue) -> None:
    """Add the columns of accounts with a period begun by the night, also where all of them have ended."""
    night, size = count_days(facts.night), accounts.height
    terms = read_terms(periods, night, facts.settings.grace_days, size)
    ever = np.bincount(periods.account, minlength=size) > 0
    live = periods.choose(terms.runs)
    live_terms = terms.choose(terms.runs)
    found = _read_history(periods, terms, night, size)
    found |= _read_moves(periods, terms, night, found["first_paid_on"])
    renewals = find_renewals(live, live_terms, night)
    found |= _read_now(live, live_terms, renewals, night, size)
    found |= _read_products(live, catalogue, size)
    for name in ("expansions_365", "periods_overlap", "amount_unknown", "arr_noticed", "arr_due_90"):
        found[name] = np.nan_to_num(found[name])
    accounts.numbers |= {name: where(ever, values) for name, values in found.items()}
    _add_main(accounts, live, renewals, catalogue)
    accounts.numbers["plan_has_seat_limit"] = where(ever, accounts.numbers["plan_has_seat_limit"])


def _read_history(periods: Periods, terms: Terms, night: int, size: int) -> dict[str, Numbers]:
    places, ago = periods.account, night - AGO_DAYS
    paid_then = (periods.started_on <= ago) & ~(terms.end_on <= ago)
    rise = where(terms.rise > SMALL_RISE, terms.rise)
    return {
        "first_paid_on": least(places, periods.started_on, size),
        "periods_overlap": as_marks(count(places, terms.doubled, size) > 0),
        "arr_180_ago": total(places, where(paid_then, periods.mrr), size) * 12,
        "price_rise": most(places, rise, size),
        "price_rise_on": most(places, where(known(rise), periods.started_on), size),
    }


def _read_moves(periods: Periods, terms: Terms, night: int, first_paid_on: Numbers) -> dict[str, Numbers]:
    """Increases of the account as a whole: what ends and begins on one day is one movement."""
    account = np.concatenate([periods.account, periods.account])
    day = np.concatenate([periods.started_on, terms.end_on])
    delta = np.concatenate([periods.mrr, -periods.mrr])
    recent = day > night - MOVED_DAYS
    account, day, delta = account[recent], day[recent], delta[recent]
    days, place = np.unique(account * (1 << 32) + day.astype(np.int64), return_inverse=True)
    owner, on = days >> 32, (days & ((1 << 32) - 1)).astype(np.float64)
    size = first_paid_on.size
    up = (total(place, delta, days.size) > SMALL_CHANGE) & (on > first_paid_on[owner])
    return {"expansions_365": count(owner, up, size), "last_expansion_on": most(owner, where(up, on), size)}


def _read_now(live: Periods, terms: Terms, renewals: Renewals, night: int, size: int) -> dict[str, Numbers]:
    places, mrr, decides = live.account, live.mrr, renewals.decides_on
    noticed = known(live.notice_given_on)
    running = np.bincount(places, minlength=size) > 0
    open_ended = count(places, np.isnan(terms.end_on), size) > 0
    due = ~noticed & (decides > night) & (decides <= night + DUE_DAYS)
    discounted = total(places, where(known(live.discount), mrr), size)
    return {
        "running": as_marks(running),
        "lapsed_on": where(~open_ended, most(places, terms.end_on, size)),
        "arr": total(places, mrr, size) * 12,
        "amount_unknown": as_marks(count(places, np.isnan(mrr), size) > 0),
        "discount_percent": total(places, live.discount * mrr, size) / where(discounted != 0, discounted),
        "notice_given_on": least(places, live.notice_given_on, size),
        "ends_on": least(places, where(noticed, fill(terms.leaves_on, renewals.renews_on)), size),
        "arr_noticed": total(places, where(noticed, mrr), size) * 12,
        "arr_due_90": total(places, where(due, mrr), size) * 12,
    }


def _read_products(live: Periods, catalogue: Catalogue, size: int) -> dict[str, Numbers]:
    """How many products run, and what the book pays in a year for those that do not."""
    sold = catalogue.products.height
    product = catalogue.find_products(live.product)
    stands = product >= 0
    owned, place = np.unique(live.account[stands] * sold + product[stands], return_inverse=True)
    owner, which = np.divmod(owned, sold) if sold else (owned, owned)
    paid = total(place, live.mrr[stands], owned.size) * 12
    price = median(which, where(paid > 0, paid), sold)
    own_price = total(owner, price[which], size)
    products = count(owner, np.ones(owner.size, dtype=bool), size)
    return {
        "products": where(products > 0, products),
        "products_sold": np.full(size, float(sold)),
        "open_product_arr": np.maximum(np.nansum(price) - own_price, 0.0),
    }


def _add_main(accounts: AccountColumns, live: Periods, renewals: Renewals, catalogue: Catalogue) -> None:
    """Add what is known of the main subscription: of the core product, paying most, first by its id in the source."""
    prices = read_plan_prices(catalogue, live)
    chosen = _choose_main(live, catalogue)
    main = live.choose(chosen)
    next_ids, next_prices = find_next_plans(catalogue, prices, main)
    plan = catalogue.find_plans(main.plan)
    with_seats = [metric == "seats" for metric in catalogue.limits.texts["metric"]]
    seated = np.isin(main.plan, catalogue.limits.ids["plan_id"][np.array(with_seats, dtype=bool)])
    numbers = {
        "main_mrr": main.mrr,
        "seats": main.seats,
        "term_months": main.term_months,
        "auto_renews": main.auto_renews,
        "renews_on": renewals.renews_on[chosen],
        "decision_on": renewals.decision_on[chosen],
        "next_plan_mrr": next_prices,
    }
    for name, values in numbers.items():
        accounts.put(name, main.account, values)
    accounts.put("plan_has_seat_limit", main.account, as_marks(seated), elsewhere=0.0)
    product_ids = np.array([*catalogue.products.texts["product_id"], None], dtype=object)
    plan_ids = np.array([*catalogue.plans.texts["plan_id"], None], dtype=object)
    bases = np.array([*catalogue.plans.texts["price_basis"], None], dtype=object)
    texts = {
        "main_product_id": product_ids[catalogue.find_products(main.product)],
        "main_plan_id": plan_ids[plan],
        "price_basis": bases[plan],
        "next_plan_id": next_ids,
    }
    for name, told in texts.items():
        accounts.put_texts(name, main.account, told)


def _choose_main(live: Periods, catalogue: Catalogue) -> Places:
    product = catalogue.find_products(live.product)
    core = catalogue.products.numbers["core"]
    rank = np.append(np.where(np.isnan(core), 2.0, 1 - core), np.nan)[product]
    order = np.lexsort((-live.mrr, rank, live.account))
    order = order[product[order] >= 0]
    return order[np.append(True, np.diff(live.account[order]) != 0)[: order.size]]
