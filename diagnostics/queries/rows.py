"""Accounts as the list and the matrix show them: one night's diagnosis beside an earlier one, with their people."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from diagnostics.queries.diagnosed import Scope


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One diagnosed account; what is `…_before` is None where it was not diagnosed, or not scored, on that night."""

    id: uuid.UUID
    name: str
    domain: str
    source_id: str
    tier: str
    country: str
    customer_since: date | None
    csm_email: str
    am_email: str
    csm_name: str
    am_name: str
    segment: str
    lever: str
    arr: Decimal | None
    health: float | None
    potential: float | None
    decision_on: date | None
    value_at_risk: Decimal
    expansion_potential_arr: Decimal
    confidence: float
    sources: Sequence[int]
    segment_before: str | None = None
    health_before: float | None = None
    potential_before: float | None = None

    @property
    def health_change(self) -> float | None:
        return None if self.health is None or self.health_before is None else self.health - self.health_before

    @property
    def potential_change(self) -> float | None:
        if self.potential is None or self.potential_before is None:
            return None
        return self.potential - self.potential_before

    @property
    def place(self) -> str:
        """Domain and country, as far as they are known."""
        return ", ".join(filter(None, (self.domain, self.country)))

    @property
    def csm(self) -> str:
        """The CSM's name, or the address where no member has it."""
        return self.csm_name or self.csm_email

    @property
    def am(self) -> str:
        """The AM's name, or the address where no member has it."""
        return self.am_name or self.am_email

    @property
    def owner(self) -> str:
        """The CSM, else the AM; '' where the account has no owner."""
        return self.csm or self.am

    @property
    def crm_only(self) -> bool:
        """Whether neither usage nor support nor billing is known."""
        return not any(self.sources[:3])


_ROWS = """
SELECT a.id, a.name, a.domain, a.source_id, a.tier, a.country, a.customer_since, a.csm_email, a.am_email,
       coalesce(csm.full_name, ''), coalesce(am.full_name, ''), d.segment, d.lever, d.arr, d.health, d.potential,
       d.decision_on, d.value_at_risk, d.expansion_potential_arr, d.confidence, d.sources,
       e.segment, e.health, e.potential
FROM diagnostics_diagnosis d
JOIN portfolio_account a ON a.organization_id = d.organization_id AND a.id = d.account_id
LEFT JOIN diagnostics_diagnosis e
       ON e.organization_id = d.organization_id AND e.account_id = d.account_id AND e.night = %(earlier)s
LEFT JOIN LATERAL (SELECT u.full_name FROM accounts_user u JOIN accounts_membership m ON m.user_id = u.id
       WHERE u.email = a.csm_email AND m.organization_id = %(organization)s) csm ON true
LEFT JOIN LATERAL (SELECT u.full_name FROM accounts_user u JOIN accounts_membership m ON m.user_id = u.id
       WHERE u.email = a.am_email AND m.organization_id = %(organization)s) am ON true
WHERE d.organization_id = %(organization)s AND d.id = ANY(%(ids)s)
ORDER BY array_position(%(ids)s, d.id)
"""


def read_rows(scope: Scope, ids: Sequence[uuid.UUID], *, earlier: date | None) -> list[AccountRow]:
    """The diagnoses with these ids, in their order, beside those of the night `earlier`.

    Written by hand: Django takes five times as long to write this statement as PostgreSQL takes to run it.
    """
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _ROWS,
            {"organization": scope.membership.organization_id, "earlier": earlier, "ids": list(ids)},
        )
        return [AccountRow(*row) for row in cursor.fetchall()]
