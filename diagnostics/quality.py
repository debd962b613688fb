"""Looking through an organization's facts for what contradicts itself. The facts stay as they are.

Done beside each night, in a transaction of its own: it reads two years of use, for which no page can wait, and a fault
in it takes no diagnosis away. Past nights change nothing about it: the doubt is in the facts, not in the night.
"""

import uuid
from datetime import timedelta

from django.db import connection

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.book import feature_settings
from diagnostics.doubts import SINCE_DAYS, TRIAL_DAYS
from diagnostics.features.reading import Facts
from diagnostics.features.usage_months import EARLIER_DAYS
from diagnostics.late_facts import count_late_facts
from diagnostics.models import DoubtfulFacts, Night
from diagnostics.queries.quality_statements import FIND


def examine_facts(organization_id: uuid.UUID) -> int:
    """Find doubtful and late facts as of the last diagnosed night, anew; returns how many kinds on how many accounts.

    Nothing before the first night. Outside any transaction.
    """
    with service_context(organization_id):
        last = Night.objects.order_by("-night").first()
        if last is None:
            return 0
        # Two at once would each write what the other has found.
        organization = Organization.objects.select_for_update().get()
        DoubtfulFacts.objects.all()._raw_delete("default")
        with connection.cursor() as cursor:
            facts = Facts(cursor, organization_id, last.night, feature_settings(organization))
            usage_from = last.night - timedelta(days=EARLIER_DAYS)
            # As for the features: the planner takes one row for granted where there are ten thousand.
            cursor.execute("SET LOCAL enable_nestloop = off")
            cursor.execute(
                FIND, {**facts.parameters, "trial": TRIAL_DAYS, "since": SINCE_DAYS, "usage_from": usage_from}
            )
            found = cursor.rowcount
            cursor.execute("SET LOCAL enable_nestloop = on")
        count_late_facts(organization_id, zone=organization.time_zone)
    return found
