"""What members thought of the causes that they were shown: acts on priorities, by the signal that said why."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connection

from accounts.context import current_context
from diagnostics.acts import DONE_KINDS
from diagnostics.model_versions import read_model
from diagnostics.models import ModelVersion

DAYS = 365
# Reasons by which a member says that the cause itself was wrong; the others say something of the moment.
WRONG = ("no_problem", "wrong_facts")

# The cause that stood over a priority is that of the last night before the act.
ACTS = """
SELECT night.model_version_id, seen.top_cause, act.kind, CASE WHEN act.kind = 'dismissed' THEN act.reason ELSE '' END,
       count(*)
FROM portfolio_act AS act
JOIN LATERAL (
    SELECT night, top_cause FROM diagnostics_diagnosis AS d
    WHERE d.organization_id = %(organization)s AND d.account_id = act.account_id AND d.night < act.at::date
    ORDER BY d.night DESC LIMIT 1
) AS seen ON seen.top_cause IS NOT NULL
JOIN diagnostics_night AS night ON night.organization_id = %(organization)s AND night.night = seen.night
WHERE act.organization_id = %(organization)s AND act.priority <> '' AND act.at >= %(since)s
  AND act.kind = ANY(%(kinds)s)
GROUP BY 1, 2, 3, 4
"""


@dataclass(slots=True)
class Verdict:
    """Acts on priorities that a signal explained, in a year: how many, and the dismissals among them by reason."""

    acts: int = 0
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def wrong(self) -> int:
        return sum(self.reasons.get(reason, 0) for reason in WRONG)

    @property
    def precision(self) -> float:
        """The share of the acts that did not call the cause wrong."""
        return 1 - self.wrong / self.acts


def read_verdicts(today: date) -> dict[str, Verdict]:
    """By signal name, over the year before `today`; signals that nobody acted on are missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            ACTS,
            {
                "organization": current_context().organization_id,
                "since": today - timedelta(days=DAYS),
                "kinds": [*DONE_KINDS, "dismissed"],
            },
        )
        rows = cursor.fetchall()
    versions = ModelVersion.objects.in_bulk({row[0] for row in rows}) if rows else {}
    verdicts: dict[str, Verdict] = defaultdict(Verdict)
    for version_id, number, kind, reason, count in rows:
        names = read_model(versions[version_id]).names
        if not 1 <= number <= len(names):
            continue
        verdict = verdicts[names[number - 1]]
        verdict.acts += count
        if kind == "dismissed":
            verdict.reasons[reason] += count
    return dict(verdicts)
