"""Subscriptions as they were known on the night: what runs, since when, for how much, and what may come next."""

from .reading import AMOUNT, COUNT, DAY, FLAG, RATES, TEXT, Answer, Facts

COLUMNS = {
    "account_id": TEXT,
    "ever": FLAG,  # a period began by the night
    "running": FLAG,
    "lapsed_on": DAY,
    "first_paid_on": DAY,
    "arr": AMOUNT,
    "arr_180_ago": AMOUNT,
    "expansions_365": COUNT,
    "last_expansion_on": DAY,
    "price_rise": AMOUNT,
    "price_rise_on": DAY,
    "periods_overlap": FLAG,
    "amount_unknown": FLAG,
    "products": COUNT,
    "products_sold": COUNT,
    "open_product_arr": AMOUNT,
    "discount_percent": AMOUNT,
    "notice_given_on": DAY,
    "ends_on": DAY,
    "arr_noticed": AMOUNT,
    "arr_due_90": AMOUNT,
    "main_product_id": TEXT,
    "main_plan_id": TEXT,
    "main_mrr": AMOUNT,
    "seats": AMOUNT,
    "term_months": COUNT,
    "auto_renews": FLAG,
    "renews_on": DAY,
    "decision_on": DAY,
    "price_basis": TEXT,
    "plan_has_seat_limit": FLAG,
    "next_plan_id": TEXT,
    "next_plan_mrr": AMOUNT,
}

# The periods begun by the night, with their neighbours in the same subscription.
PERIOD = """
    SELECT s.account_id, s.source_id, s.product_id, s.plan_id, s.started_on, s.ended_on, s.term_started_on,
        s.term_months, s.renews_on, coalesce(s.notice_days, 0) AS notice_days, s.auto_renews, s.seats,
        s.discount_percent::float8 AS discount, s.change_reason,
        CASE WHEN s.notice_given_on <= %(night)s THEN s.notice_given_on END AS notice_given_on,
        s.mrr::float8 * rates.rate AS mrr, s.mrr::float8 / coalesce(nullif(s.seats, 0), 1) AS unit_price,
        lead(s.started_on) OVER own AS next_on, lag(s.started_on) OVER own AS before_on,
        lag(s.ended_on) OVER own AS before_ended_on, lag(s.term_months) OVER own AS before_months,
        lag(s.plan_id) OVER own AS before_plan_id, coalesce(lag(s.seats) OVER own, 0) AS before_seats,
        lag(s.mrr::float8 / coalesce(nullif(s.seats, 0), 1)) OVER own AS before_price
    FROM portfolio_subscription s
        JOIN portfolio_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
        LEFT JOIN rates ON rates.currency = coalesce(nullif(s.currency, ''), nullif(a.currency, ''), %(currency)s)
    WHERE s.organization_id = %(organization)s AND s.started_on <= %(night)s
    WINDOW own AS (PARTITION BY s.source_id ORDER BY s.started_on)"""

# Where a period ends as far as is known: at the next one, or at an end already reached; a gap within the grace is no
# gap. A term begins with certainty where the contract says so, at a first period, after a gap, or once the term of the
# period before is over; any other period is a change inside a running term.
ENDED = """
    SELECT *,
        CASE WHEN next_on - ended_on BETWEEN 0 AND %(grace)s THEN next_on
            ELSE least(next_on, CASE WHEN ended_on <= %(night)s THEN ended_on END) END AS end_on,
        CASE WHEN notice_given_on IS NOT NULL AND ended_on > %(night)s THEN ended_on END AS leaves_on,
        coalesce(ended_on > next_on AND ended_on <= %(night)s, false) AS doubled,
        sum(CASE WHEN term_started_on IS NOT NULL OR before_on IS NULL OR before_ended_on < started_on
            OR started_on >= before_on + make_interval(months => coalesce(before_months, 0)) THEN 1 ELSE 0 END)
            OVER (PARTITION BY source_id ORDER BY started_on) AS run,
        CASE WHEN before_plan_id = plan_id AND before_seats = coalesce(seats, 0) AND change_reason IN ('', 'price')
            AND before_price > 0 AND started_on > %(night)s - 120 THEN unit_price / before_price - 1 END AS rise
    FROM period"""

TERMS = """
    SELECT *, bool_or(end_on IS NULL) OVER account AS account_runs, max(end_on) OVER account AS last_end_on,
        coalesce(term_started_on, CASE
            WHEN started_on < first_value(coalesce(term_started_on, started_on)) OVER same
                + make_interval(months => coalesce(first_value(term_months) OVER same, 0))
            THEN first_value(coalesce(term_started_on, started_on)) OVER same ELSE started_on END) AS term_on
    FROM ended WINDOW account AS (PARTITION BY account_id), same AS (PARTITION BY source_id, run ORDER BY started_on)"""

# What runs on the night, or ran out within the grace where the account has nothing else. `whole_terms`: how many are
# over since the term began (or since `renews_on`, once that has passed). OFFSET 0 keeps PostgreSQL from writing the
# arithmetic of months into every place that reads its result.
LIVE = """
    SELECT *, CASE WHEN term_months > 0 THEN
            (date_part('year', since) * 12 + date_part('month', since))::int / term_months END AS whole_terms
    FROM (SELECT *, coalesce(renews_on, term_on) AS anchor_on,
        age(%(night)s::timestamp, coalesce(renews_on, term_on)::timestamp) AS since FROM terms
        WHERE end_on IS NULL OR (NOT account_runs AND end_on = last_end_on AND end_on > %(night)s - %(grace)s)
        OFFSET 0) AS anchored"""

RENEWALS = """
    SELECT *, renewal_on - notice_days AS decision_on, CASE
        WHEN renewal_on - notice_days > %(night)s THEN renewal_on - notice_days
        WHEN auto_renews IS FALSE THEN renewal_on
        -- The notice of this term is over: it renews, and the next term's decision comes.
        ELSE (renewal_on + make_interval(months => term_months))::date - notice_days END AS decides_on
    FROM (SELECT *, CASE WHEN renews_on > %(night)s THEN renews_on
        ELSE (anchor_on + make_interval(months => (whole_terms + 1) * term_months))::date END AS renewal_on
        FROM live OFFSET 0) AS renewing"""

# What the book pays for a product in a year, and for a plan in a month where three accounts or more pay for it.
PRICES = """
    owned AS (SELECT account_id, product_id, sum(mrr) * 12 AS arr FROM live GROUP BY 1, 2),
    product_price AS (
        SELECT product_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY arr) AS arr FROM owned WHERE arr > 0 GROUP BY 1
    ), paid AS (
        SELECT plan_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY mrr) AS flat,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY mrr / seats) FILTER (WHERE seats > 0) AS unit
        FROM live WHERE mrr > 0 GROUP BY 1 HAVING count(*) >= 3
    ), catalogue AS (
        SELECT p.id AS plan_id, p.source_id, p.product_id, p.rank, p.price_basis, paid.flat, paid.unit,
            p.list_price_monthly::float8 * rates.rate AS list,
            min(p.rank) FILTER (WHERE true) OVER above AS next_rank
        FROM portfolio_plan p LEFT JOIN paid ON paid.plan_id = p.id
            LEFT JOIN rates ON rates.currency = coalesce(nullif(p.currency, ''), %(currency)s)
        WHERE p.organization_id = %(organization)s
        WINDOW above AS (
            PARTITION BY p.product_id ORDER BY p.rank RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
    )"""

# Increases and decreases of the account as a whole: what ends and begins on one day is one movement.
MOVES = """
    moves AS (
        SELECT account_id, day, sum(delta) AS delta FROM (
            SELECT account_id, started_on AS day, mrr AS delta FROM terms
            UNION ALL SELECT account_id, end_on, -mrr FROM terms WHERE end_on IS NOT NULL
        ) AS steps WHERE day > %(night)s - 365 GROUP BY 1, 2
    )"""

STATEMENT = f"""
WITH {RATES}, period AS ({PERIOD}), ended AS ({ENDED}), terms AS ({TERMS}), live AS ({LIVE}), renewals AS ({RENEWALS}),
{PRICES}, {MOVES}, history AS (
    SELECT account_id, min(started_on) AS first_paid_on, bool_or(doubled) AS doubled,
        sum(mrr) FILTER (WHERE started_on <= %(night)s - 180 AND (end_on IS NULL OR end_on > %(night)s - 180)) * 12
            AS arr_180_ago,
        max(rise) FILTER (WHERE rise > 0.001) AS rise, max(started_on) FILTER (WHERE rise > 0.001) AS rise_on
    FROM terms GROUP BY account_id
), moved AS (
    SELECT account_id, count(*) AS expansions, max(day) AS last_on
    FROM moves JOIN history USING (account_id) WHERE delta > 0.01 AND day > first_paid_on GROUP BY account_id
), main AS (
    SELECT DISTINCT ON (r.account_id) r.* FROM renewals r
        JOIN portfolio_product p ON p.organization_id = %(organization)s AND p.id = r.product_id
    ORDER BY r.account_id, p.core DESC NULLS LAST, r.mrr DESC NULLS LAST, r.source_id
), now AS (
    SELECT account_id, bool_or(end_on IS NULL) AS runs, max(end_on) AS end_on, sum(mrr) * 12 AS arr,
        count(DISTINCT product_id) AS products, min(notice_given_on) AS notice_given_on,
        min(CASE WHEN notice_given_on IS NOT NULL THEN coalesce(leaves_on, renewal_on) END) AS ends_on,
        sum(mrr) FILTER (WHERE notice_given_on IS NOT NULL) * 12 AS noticed,
        sum(mrr) FILTER (WHERE notice_given_on IS NULL AND decides_on BETWEEN %(night)s + 1 AND %(night)s + 90) * 12
            AS due,
        bool_or(mrr IS NULL) AS unpriced,
        sum(discount * mrr) / nullif(sum(mrr) FILTER (WHERE discount IS NOT NULL), 0) AS discount
    FROM renewals GROUP BY account_id
), open AS (
    SELECT account_id, greatest((SELECT sum(arr) FROM product_price) - sum(product_price.arr), 0) AS arr
    FROM owned JOIN product_price USING (product_id) GROUP BY account_id
)
SELECT h.account_id, true, now.account_id IS NOT NULL, CASE WHEN NOT now.runs THEN now.end_on END, h.first_paid_on,
    now.arr, h.arr_180_ago, coalesce(moved.expansions, 0), moved.last_on,
    h.rise, h.rise_on, h.doubled, coalesce(now.unpriced, false), now.products,
    (SELECT count(*) FROM portfolio_product WHERE organization_id = %(organization)s), open.arr,
    now.discount, now.notice_given_on, now.ends_on, coalesce(now.noticed, 0),
    coalesce(now.due, 0), main.product_id, main.plan_id, main.mrr, main.seats,
    main.term_months, main.auto_renews, main.renewal_on, main.decision_on, plan.price_basis,
    EXISTS (SELECT FROM portfolio_planlimit l WHERE l.organization_id = %(organization)s AND l.plan_id = main.plan_id
        AND l.metric = 'seats'), next.plan_id, next.price
FROM history h LEFT JOIN now USING (account_id) LEFT JOIN moved USING (account_id) LEFT JOIN open USING (account_id)
    LEFT JOIN main USING (account_id) LEFT JOIN catalogue plan ON plan.plan_id = main.plan_id
    LEFT JOIN LATERAL (
        SELECT plan_id, coalesce(list, CASE WHEN price_basis = 'per_seat' THEN unit ELSE flat END)
            * CASE WHEN price_basis = 'per_seat' THEN main.seats ELSE 1 END AS price
        FROM catalogue WHERE product_id = main.product_id AND rank = plan.next_rank
        ORDER BY coalesce(list, flat) > main.mrr DESC NULLS LAST, coalesce(list, flat), source_id LIMIT 1
    ) AS next ON true
"""  # noqa: S608  # put together from constants


def ask_subscriptions(facts: Facts) -> Answer:
    """One row per account with a period begun by the night, also where all of them have ended."""
    return facts.ask(STATEMENT, COLUMNS)
