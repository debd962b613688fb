"""Daily usage, partitioned by month."""

from datetime import date

from django.db import connection, models

from accounts.constraints import OrganizationIsolation
from accounts.tenancy import TenantForeignKey, TenantManager
from portfolio.models.catalogue import product_key
from portfolio.models.facts import account_key


class Usage(models.Model):
    """One metric of one account on one day.

    The table is range-partitioned on `day`, so that it has no id of its own; the database's unique key also holds
    the product (NULLS NOT DISTINCT), which Django's composite key cannot, being nullable. Read it in sets, always
    with a literal range of days: without one, planning goes through every month.
    """

    pk = models.CompositePrimaryKey("organization", "account", "metric", "day")
    # The account's composite key already holds the organization; a second check per row would cost a tenth more.
    organization = models.ForeignKey(
        "accounts.Organization", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    account: TenantForeignKey = account_key()
    product = product_key(null=True, blank=True)
    metric = models.TextField()
    day = models.DateField()
    quantity = models.FloatField()
    import_number = models.IntegerField(null=True, blank=True)

    objects = TenantManager()

    class Meta:
        constraints = [OrganizationIsolation(name="portfolio_usage_isolation")]


def ensure_usage_months(first: date, last: date) -> None:
    """Make the monthly partitions from `first` to `last`; the app role may, through one definer function."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT portfolio_make_usage_month(month::date) "
            "FROM generate_series(date_trunc('month', %s::date), %s::date, interval '1 month') AS month",
            [first, last],
        )
