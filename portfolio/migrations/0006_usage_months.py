"""Usage packed by month, and what notes by itself which months are behind."""

import accounts.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models


# Statement by statement, whoever writes: an import, an undo, a hand. Accounts are named one by one where few rows change;
# of a block of an import, finding them out would cost as much as writing it.
NOTE = """
CREATE FUNCTION portfolio_note_usage_change() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = '' AS $$
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM changed LIMIT 1001) AS few) <= 1000 THEN
        INSERT INTO public.portfolio_usagechange (id, organization_id, first_on, last_on, accounts)
        SELECT gen_random_uuid(), organization_id, min(day), max(day), array_agg(DISTINCT account_id)
        FROM changed GROUP BY organization_id;
    ELSE
        INSERT INTO public.portfolio_usagechange (id, organization_id, first_on, last_on)
        SELECT gen_random_uuid(), organization_id, min(day), max(day) FROM changed GROUP BY organization_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER portfolio_usage_added AFTER INSERT ON portfolio_usage
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION portfolio_note_usage_change();
CREATE TRIGGER portfolio_usage_changed AFTER UPDATE ON portfolio_usage
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION portfolio_note_usage_change();
CREATE TRIGGER portfolio_usage_removed AFTER DELETE ON portfolio_usage
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION portfolio_note_usage_change();
"""

FORGET = """
DROP TRIGGER portfolio_usage_added ON portfolio_usage;
DROP TRIGGER portfolio_usage_changed ON portfolio_usage;
DROP TRIGGER portfolio_usage_removed ON portfolio_usage;
DROP FUNCTION portfolio_note_usage_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_priorities_a_day'),
        ('portfolio', '0005_mentions'),
    ]

    operations = [
        migrations.CreateModel(
            name='UsageChange',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('first_on', models.DateField()),
                ('last_on', models.DateField()),
                ('accounts', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, null=True)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('organization', 'id'), name='portfolio_usagechange_org_id'), accounts.constraints.OrganizationIsolation(name='portfolio_usagechange_isolation')],
            },
        ),
        migrations.CreateModel(
            name='UsageMonth',
            fields=[
                ('pk', models.CompositePrimaryKey('organization', 'month', 'account', 'metric', blank=True, editable=False, primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('metric', models.TextField()),
                ('days', models.BinaryField()),
                ('quantities', models.BinaryField()),
                ('last_used_on', models.DateField(blank=True, null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='portfolio.account')),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'constraints': [accounts.constraints.OrganizationIsolation(name='portfolio_usagemonth_isolation'), accounts.constraints.CompositeKey(column='account_id', name='portfolio_usagemonth_account_key', on_delete='CASCADE', to_table='portfolio_account')],
            },
        ),
        migrations.RunSQL([NOTE], [FORGET]),
    ]
