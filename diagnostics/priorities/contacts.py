"""Whom to turn to: chosen by role and stance among the people still there, in SQL; no name is opened."""

from collections.abc import Sequence

# Somebody who decides, for what puts a contract at stake; somebody who uses and supports, for what adds to it.
ROLES = {
    "deciders": ["decision_maker", "economic_buyer", "champion", "influencer", "power_user", "user"],
    "champions": ["champion", "decision_maker", "economic_buyer", "influencer", "power_user", "user"],
    "payers": ["economic_buyer", "decision_maker", "champion", "influencer", "power_user", "user"],
}
CHAMPION_KINDS = ("upsell", "seats", "usage", "cross_sell", "opportunity", "plan")

# Joined to `given` (organization_id, night) and the rows `found` (account_id, rank, addressees) while they go in;
# a row without a rank needs nobody.
JOIN = f"""
LEFT JOIN LATERAL (
    SELECT c.id FROM portfolio_contact c
    WHERE found.rank IS NOT NULL AND c.organization_id = given.organization_id AND c.account_id = found.account_id
      AND (c.left_on IS NULL OR c.left_on > given.night)
      AND (c.known_since IS NULL OR c.known_since <= given.night)
    ORDER BY c.stance = 'detractor', array_position(
            CASE found.addressees {" ".join(f"WHEN '{name}' THEN ARRAY{roles}" for name, roles in ROLES.items())} END,
            c.role), c.stance = 'supporter' DESC, c.known_since, c.source_id
    LIMIT 1
) contact ON true"""  # noqa: S608  # put together from constants


def name_addressees(kind: str, top_cause: int | None, sources: Sequence[str]) -> str:
    """Whose word counts: payers where the first cause is a bill, else champions for growth and deciders for the rest.

    `sources` by signal number, from 1.
    """
    if kind == "retain" and top_cause and sources[top_cause - 1 : top_cause] == ["billing"]:
        return "payers"
    return "champions" if kind in CHAMPION_KINDS else "deciders"
