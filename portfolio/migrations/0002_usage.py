"""Usage, range-partitioned by month, and the one function by which the app role may add a month."""

import django.db.models.deletion
from django.db import migrations, models

import accounts.constraints

TABLE = """
CREATE TABLE portfolio_usage (
    organization_id uuid NOT NULL,
    account_id uuid NOT NULL,
    product_id uuid,
    day date NOT NULL,
    import_number integer,
    quantity double precision NOT NULL,
    metric text NOT NULL
) PARTITION BY RANGE (day);
CREATE UNIQUE INDEX portfolio_usage_unique
    ON portfolio_usage (organization_id, account_id, metric, day, product_id) NULLS NOT DISTINCT;
ALTER TABLE portfolio_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE portfolio_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY portfolio_usage_isolation ON portfolio_usage TO phano_app
    USING (organization_id = (SELECT guard.organization()))
    WITH CHECK (organization_id = (SELECT guard.organization()));
ALTER TABLE portfolio_usage ADD CONSTRAINT portfolio_usage_account_key
    FOREIGN KEY (organization_id, account_id) REFERENCES portfolio_account (organization_id, id);
ALTER TABLE portfolio_usage ADD CONSTRAINT portfolio_usage_product_key
    FOREIGN KEY (organization_id, product_id) REFERENCES portfolio_product (organization_id, id);
"""

# A partition reached by its own name would show every organization's rows: each carries the policy itself.
MAKE_MONTH = """
CREATE FUNCTION portfolio_make_usage_month(month date) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    part text := 'portfolio_usage_' || to_char(first, 'YYYYMM');
    test text := 'organization_id = (SELECT guard.organization())';
BEGIN
    IF first < date '1990-01-01' OR first > current_date + 800 THEN
        RAISE check_violation USING MESSAGE = 'No usage month so far from today.';
    END IF;
    IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('portfolio_make_usage_month'));
    IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.portfolio_usage)', part);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('CREATE POLICY %I ON public.%I TO phano_app USING (%s) WITH CHECK (%s)',
                   part || '_isolation', part, test, test);
    EXECUTE format('ALTER TABLE public.portfolio_usage ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   part, first, first + interval '1 month');
END $$;
REVOKE ALL ON FUNCTION portfolio_make_usage_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portfolio_make_usage_month(date) TO phano_app;
"""


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL([TABLE, MAKE_MONTH], migrations.RunSQL.noop)],
            state_operations=[
                migrations.CreateModel(
                    name="Usage",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "organization",
                                "account",
                                "metric",
                                "day",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("metric", models.TextField()),
                        ("day", models.DateField()),
                        ("quantity", models.FloatField()),
                        ("import_number", models.IntegerField(blank=True, null=True)),
                        (
                            "account",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="portfolio.account",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="accounts.organization",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="portfolio.product",
                            ),
                        ),
                    ],
                ),
                migrations.AddConstraint(
                    model_name="usage",
                    constraint=accounts.constraints.OrganizationIsolation(name="portfolio_usage_isolation"),
                ),
                migrations.AddConstraint(
                    model_name="usage",
                    constraint=accounts.constraints.CompositeKey(
                        column="account_id",
                        name="portfolio_usage_account_key",
                        to_table="portfolio_account",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="usage",
                    constraint=accounts.constraints.CompositeKey(
                        column="product_id",
                        name="portfolio_usage_product_key",
                        to_table="portfolio_product",
                    ),
                ),
            ],
        ),
    ]
