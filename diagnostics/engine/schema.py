"""The feature frame: one row per customer account, one column per fact known on the night.

Every column is declared once, under the source it comes from. `conform` makes any frame with at
least `account_id` readable by the engine: what is missing becomes null, never a guessed value.
"""

from types import MappingProxyType

import polars as pl

TEXT, FLAG, DAY, COUNT, AMOUNT = pl.String, pl.Boolean, pl.Date, pl.Int64, pl.Float64

ACCOUNT = {
    "account_id": TEXT,  # stable text; rows are sorted by it
    "tier": TEXT,  # enterprise, mid_market, smb; '' unknown
    "country": TEXT,  # ISO 3166-1 alpha-2; '' unknown
    "employees": COUNT,
    "phase": TEXT,  # onboarding, adopting, steady, leaving; '' = derived by the engine
    "strategic": FLAG,
    "has_owner": FLAG,  # a CSM or an AM is named
    "csm_email": TEXT,  # who they are; '' nobody. No signal reads them: priorities do
    "am_email": TEXT,
    "customer_since": DAY,
}

# Amounts are monthly or yearly recurring revenue in the organization's currency. The *main*
# subscription is the running one of the core product that pays most (else the one that pays most).
SUBSCRIPTIONS = {
    "running": FLAG,  # a period runs on the night, or ended no longer ago than the grace
    "first_paid_on": DAY,
    "lapsed_on": DAY,  # first unpaid day of an account that is inside the grace
    "arr": AMOUNT,
    "arr_180_ago": AMOUNT,  # null where the account did not pay yet
    "lost_arr_180": AMOUNT,  # sum of the decreases of the last 180 days, positive
    "expansions_365": COUNT,  # increases of the last 365 days, the first paid period apart
    "last_expansion_on": DAY,
    "price_rise": AMOUNT,  # last rise of the unit price within 120 days, as a share (0.08)
    "price_rise_on": DAY,
    "products": COUNT,  # distinct products that run
    "products_sold": COUNT,  # distinct products of the catalogue
    "open_product_arr": AMOUNT,  # yearly price of the products not owned, as the book pays them
    "main_product_id": TEXT,
    "main_plan_id": TEXT,
    "main_mrr": AMOUNT,
    "price_basis": TEXT,  # flat, per_seat, metered; '' unknown
    "seats": AMOUNT,  # licensed seats of the main subscription
    "plan_has_seat_limit": FLAG,
    "next_plan_id": TEXT,  # the plan of the next higher rank of the same product
    "next_plan_mrr": AMOUNT,  # its list price, else the median that the book pays for it
    "term_months": COUNT,
    "renews_on": DAY,  # the next term end after the night
    "decision_on": DAY,  # that minus the notice days; may lie before the night
    "auto_renews": FLAG,
    "notice_given_on": DAY,
    "ends_on": DAY,  # an end after the night, known because notice was given
    "arr_due_90": AMOUNT,  # ARR of contracts whose decision date lies in the next 90 days, no notice given
    "arr_noticed": AMOUNT,  # ARR under notice: confirmed loss
    "discount_percent": AMOUNT,  # weighted by MRR
    "periods_overlap": FLAG,  # two periods of one subscription run on one day: a contradiction
    "amount_unknown": FLAG,  # one that runs is in a currency without a plan rate: `arr` lacks it
}

INVOICES = {
    "billing_known_to": DAY,  # last invoice of the organization; null = no invoices at all
    "invoices_365": COUNT,  # due within the last 365 days, not void
    "paid_on_time_365": COUNT,
    "overdue_invoices": COUNT,
    "overdue_amount": AMOUNT,
    "overdue_days": COUNT,  # of the oldest unpaid invoice
    "failed_90": COUNT,
}

# Windows count back from the night: 28 = the last 28 days, 29_56 and 57_84 the weeks before
# (whole weeks, so that each window holds the same number of Mondays).
USAGE = {
    "usage_known_to": DAY,  # last day of the organization's usage; null = no usage source
    "activity_28": AMOUNT,  # events, else active users, else features, else whatever is counted
    "activity_29_56": AMOUNT,
    "activity_57_84": AMOUNT,
    "active_users": AMOUNT,  # people active over 28 days, else in the busiest week or on the busiest of the 28 days
    "active_users_before": AMOUNT,  # the same 28 days earlier
    "active_days_7": COUNT,
    "active_days_28": COUNT,
    "active_days_84": COUNT,
    "last_used_on": DAY,  # ever
    "features_28": COUNT,  # distinct features used
    "features_84": COUNT,
    "feature_activity_28": AMOUNT,
    "key_activity_28": AMOUNT,  # null where the organization marked no key feature
    "negative_activity_28": AMOUNT,  # null where it marked no negative one
    "opening_activity_28": AMOUNT,  # features that open expansion; null where none is marked
    "opening_activity_29_84": AMOUNT,
    "limit_metric": TEXT,  # the plan limit that is used most
    "limit_used": AMOUNT,
    "limit_included": AMOUNT,
    "limit_growth": AMOUNT,  # growth of its use per day over the 84 days
    "usage_contradicts": FLAG,  # negative quantities, or usage long before the first paid day
}

SUPPORT = {
    "support_known_to": DAY,  # last ticket of the organization; null = no support source
    "tickets_90": COUNT,
    "tickets_open": COUNT,
    "tickets_overdue": COUNT,  # open and past due_at
    "overdue_ticket_days": COUNT,  # of the one longest past due
    "severe_90": COUNT,  # opened within 90 days, high or urgent
    "severe_open": COUNT,
    "reopened_90": COUNT,  # reopened or escalated within 90 days
    "good_180": COUNT,
    "bad_180": COUNT,
    "last_complaint_on": DAY,  # last bad answer or escalation
    "last_ticket_on": DAY,
    "support_contradicts": FLAG,  # a ticket of the last 400 days from long before the account was a customer
    "survey_score": AMOUNT,  # newest answers of 270 days, from -1 to 1
    "survey_answers": COUNT,
    "survey_on": DAY,
}

CRM = {
    "crm_known_to": DAY,  # last exchange of the organization; null = no CRM source
    "contacts_known": FLAG,  # the organization keeps contacts
    "exchanges_known": FLAG,  # the organization keeps exchanges
    "contacts": COUNT,  # still there
    "sponsors": COUNT,  # economic buyers, decision makers and champions still there
    "sponsors_left": COUNT,  # those who left within 180 days
    "sponsor_left_on": DAY,
    "detractors": COUNT,
    "supporters": COUNT,
    "last_exchange_on": DAY,  # meeting or call held, or mail in both directions
    "last_decider_on": DAY,  # the same with an economic buyer or decision maker
    "threads_90": COUNT,  # contacts heard within 90 days
    "meetings_90": COUNT,  # held
    "cancelled_90": COUNT,
    "last_review_on": DAY,  # last QBR held
    "reviews_known": FLAG,
    "plan_updated_on": DAY,  # account plan updated or reviewed
    "intent_strength": AMOUNT,  # strongest third-party signal of 90 days, 0-100; null = no provider
    "intent_on": DAY,
    "open_opportunity_arr": AMOUNT,
    "opportunity_moved_on": DAY,
    "milestones_known": FLAG,  # the organization records milestones
    "milestones": COUNT,
    "first_milestone_on": DAY,
    "whitespace_known": FLAG,  # the account has a whitespace grid
    "whitespace_cells": COUNT,  # open ones
    "whitespace_arr": AMOUNT,
    "needs_voiced": COUNT,  # adjacent products whose need was voiced within 180 days
    "need_on": DAY,
    "voiced_product_id": TEXT,
    "voiced_arr": AMOUNT,  # open whitespace, else the book's price, of the voiced products
}

FEATURES = MappingProxyType(ACCOUNT | SUBSCRIPTIONS | INVOICES | USAGE | SUPPORT | CRM)


def conform(features: pl.DataFrame) -> pl.DataFrame:
    """The same rows with exactly the declared columns and types, sorted by account.

    Missing columns become null (`needs_voiced` too: null means that nobody has looked). Columns that
    are not declared are dropped. Raises `ValueError` on a missing or repeated `account_id`.
    """
    if "account_id" not in features.columns:
        raise ValueError("A feature frame needs the column account_id.")
    frame = features
    present = dict(frame.schema)
    if present != dict(FEATURES):
        frame = features.select(
            (pl.col(name) if present[name] == dtype else pl.col(name).cast(dtype))
            if name in present
            else pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in FEATURES.items()
        )
    # What is not a number is not known; what is less than a millionth is nothing, or ratios would overflow. (Sums of
    # floats depend in their last digits on the order of the rows; here that ends.)
    numbers = pl.col(pl.Float64)
    frame = frame.with_columns(pl.when(numbers.is_finite()).then(numbers.round(6))).sort("account_id")
    if frame["account_id"].null_count() or frame["account_id"].n_unique() != frame.height:
        raise ValueError("Each account stands in exactly one row of a feature frame.")
    return frame
