"""Daily usage, partitioned by month, and the same usage packed by month."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from accounts.constraints import OrganizationIsolation
from accounts.tenancy import TenantForeignKey, TenantManager, TenantModel
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


class UsageMonth(models.Model):
    """What one metric of one account was in a month, packed: what the night reads in the place of thirty rows.

    Derived from `Usage` and written by `portfolio.usage_months` alone; a month that a `UsageChange` names is behind.
    `days` holds four bytes an entry, days since 2000-01-01, `quantities` eight, both in network order; a day stands as
    often as products were used on it, and in no order.
    """

    pk = models.CompositePrimaryKey("organization", "month", "account", "metric")
    organization = models.ForeignKey(
        "accounts.Organization", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    month = models.DateField()
    account: TenantForeignKey = account_key(delete="CASCADE")
    metric = models.TextField()
    days = models.BinaryField()
    quantities = models.BinaryField()
    last_used_on = models.DateField(null=True, blank=True)

    objects = TenantManager()

    class Meta:
        constraints = [OrganizationIsolation(name="portfolio_usagemonth_isolation")]


class UsageChange(TenantModel):
    """Days of usage that changed since their months were packed. The database notes it, whoever writes usage."""

    first_on = models.DateField()
    last_on = models.DateField()
    accounts = ArrayField(models.UUIDField(), null=True, blank=True)  # NULL: any account
