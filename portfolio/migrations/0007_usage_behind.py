"""Usage that stands already is behind as a whole: the next night packs it."""

from django.db import migrations

# Forced row-level security hides the rows from their owner too.
BEHIND = """
ALTER TABLE portfolio_usage NO FORCE ROW LEVEL SECURITY;
ALTER TABLE portfolio_usagechange NO FORCE ROW LEVEL SECURITY;
INSERT INTO portfolio_usagechange (id, organization_id, first_on, last_on)
SELECT gen_random_uuid(), organization_id, min(day), max(day) FROM portfolio_usage GROUP BY organization_id;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE portfolio_usagechange FORCE ROW LEVEL SECURITY;
ALTER TABLE portfolio_usage FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0006_usage_months")]

    operations = [migrations.RunSQL([BEHIND], migrations.RunSQL.noop)]
