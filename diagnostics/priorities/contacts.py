"""Whom to turn to: chosen by role and stance among the people still there, by one statement; no name is opened."""

import uuid
from datetime import date

import polars as pl
from django.db.backends.utils import CursorWrapper

# Somebody who decides, for what puts a contract at stake; somebody who uses and supports, for what adds to it.
DECIDERS = ("decision_maker", "economic_buyer", "champion", "influencer", "power_user", "user")
CHAMPIONS = ("champion", "decision_maker", "economic_buyer", "influencer", "power_user", "user")
PAYERS = ("economic_buyer", "decision_maker", "champion", "influencer", "power_user", "user")
CHAMPION_KINDS = ("upsell", "seats", "usage", "cross_sell", "opportunity", "plan")

CHOOSE = """
SELECT wanted.place, chosen.id::text
FROM unnest(%(accounts)s::uuid[], %(roles)s::text[]) WITH ORDINALITY AS wanted (account_id, roles, place)
CROSS JOIN LATERAL (
    SELECT id FROM portfolio_contact c
    WHERE c.organization_id = %(organization)s AND c.account_id = wanted.account_id
      AND (c.left_on IS NULL OR c.left_on > %(night)s) AND (c.known_since IS NULL OR c.known_since <= %(night)s)
    ORDER BY c.stance = 'detractor', array_position(string_to_array(wanted.roles, ','), c.role),
             c.stance = 'supporter' DESC, c.known_since, c.source_id
    LIMIT 1
) chosen
"""


def choose_contacts(
    cursor: CursorWrapper, organization_id: uuid.UUID, night: date, priorities: pl.DataFrame
) -> pl.DataFrame:
    """Column contact_id for the rows that have a rank; null where nobody is known."""
    ranked = priorities.with_row_index("row").filter(pl.col("rank").is_not_null())
    roles = (
        pl.when(pl.col("first_source") == "billing")
        .then(pl.lit(",".join(PAYERS)))
        .when(pl.col("kind").is_in(CHAMPION_KINDS))
        .then(pl.lit(",".join(CHAMPIONS)))
        .otherwise(pl.lit(",".join(DECIDERS)))
    )
    wanted = ranked.select("row", "account_id", roles.alias("roles"))
    cursor.execute(
        CHOOSE,
        {
            "organization": organization_id,
            "night": night,
            "accounts": wanted["account_id"].to_list(),
            "roles": wanted["roles"].to_list(),
        },
    )
    chosen = pl.DataFrame(cursor.fetchall(), schema={"place": pl.Int64, "contact_id": pl.String}, orient="row")
    placed = wanted.select("row").with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    contacts = placed.join(chosen, on="place", how="inner").select("row", "contact_id")
    return priorities.with_row_index("row").join(contacts, on="row", how="left", maintain_order="left").drop("row")
