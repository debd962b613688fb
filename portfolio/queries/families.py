"""Which accounts belong together: the ultimate parent of each."""

import uuid
from collections.abc import Collection

from django.db import connection

from accounts.context import current_context

# A circle of parents ends where it began: each step up is taken once.
ROOTS = """
WITH RECURSIVE up AS (
    SELECT id AS account_id, id, parent_id, name, ARRAY[id] AS path FROM portfolio_account
    WHERE organization_id = %(organization)s AND id = ANY(%(accounts)s)
    UNION ALL
    SELECT up.account_id, a.id, a.parent_id, a.name, up.path || a.id
    FROM up JOIN portfolio_account a ON a.organization_id = %(organization)s AND a.id = up.parent_id
    WHERE a.id <> ALL(up.path)
)
SELECT DISTINCT ON (account_id) account_id, id, name FROM up ORDER BY account_id, cardinality(path) DESC
"""


def read_roots(accounts: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[uuid.UUID, str]]:
    """Id and name of the ultimate parent by account; an account without a parent is its own. One query."""
    with connection.cursor() as cursor:
        cursor.execute(ROOTS, {"organization": current_context().organization_id, "accounts": list(accounts)})
        return {account_id: (root_id, name) for account_id, root_id, name in cursor.fetchall()}
