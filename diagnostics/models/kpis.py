"""Figures that pages read: the KPIs of each period, computed from the facts and kept."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.tenancy import TenantModel, unique_in_organization
from portfolio.models.facts import text


def exact(**options: Any) -> models.DecimalField:
    """An amount as the ledger computes it: twelve decimals, rounded only when shown."""
    return models.DecimalField(max_digits=38, decimal_places=12, **options)


class KpiPeriod(TenantModel):
    """The KPIs of one group in one period: arrays in the order of `kpis`; a ratio's denominator may be zero.

    `kpis`, `numerators` and `denominators` are what the facts say now. `closed_at`: when the period was first computed
    after its last day; once the facts say something else, what it said then stands in the `closed_` columns and never
    changes; NULL there: it still says the same.
    """

    class Every(models.TextChoices):
        MONTH = "month"
        QUARTER = "quarter"

    every = models.CharField(max_length=8, choices=Every.choices)
    period = models.TextField()
    first_on = models.DateField()
    last_on = models.DateField()
    # '' and '': the whole portfolio.
    group_by = text()
    group = text()
    accounts = models.IntegerField()
    kpis = ArrayField(models.TextField())
    numerators = ArrayField(exact())
    denominators = ArrayField(exact(null=True))
    closed_at = models.DateTimeField(null=True)
    closed_kpis = ArrayField(models.TextField(), null=True)
    closed_numerators = ArrayField(exact(), null=True)
    closed_denominators = ArrayField(exact(null=True), null=True)
    computed_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("every", "first_on", "group_by", "group", name="diagnostics_kpiperiod_unique"),
        ]
        indexes = [
            models.Index(fields=["organization", "every", "group_by", "first_on"], name="diagnostics_kpiperiod_read"),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.group}".strip()


class KpiShelf(TenantModel):
    """Some thousand accounts in the order of their books, and what a choice of them adds up to, packed.

    `accounts`: a place on the shelf is an index into it, from 1. `parcels`: how many accounts, one after the other,
    have the same CSM and Account Manager. `sums`: of each parcel and period; `people`: each account's cohort and
    ultimate parent, and what its cohort's map needs. The format is `diagnostics.kpis.packing`.
    """

    every = models.CharField(max_length=8, choices=KpiPeriod.Every.choices)
    number = models.IntegerField()
    accounts = ArrayField(models.UUIDField())
    # Which accounts these are: parts are read by their places only where they were packed under the same mark.
    mark = models.TextField()
    parcels = ArrayField(models.IntegerField())
    periods = ArrayField(models.TextField())
    sums = models.BinaryField()
    people = models.BinaryField()
    # What all of it says, so that a rebuild that says the same writes nothing.
    digest = models.TextField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("every", "number", name="diagnostics_kpishelf_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.every} {self.number}"


class KpiShelfPeriod(TenantModel):
    """The parts of every KPI in one period, of each account of one shelf, packed.

    `tables`: the accounts' tiers, and the parts of what tables of groups say; `parts`: those of all other KPIs.
    """

    every = models.CharField(max_length=8, choices=KpiPeriod.Every.choices)
    number = models.IntegerField()
    first_on = models.DateField()
    tables = models.BinaryField()
    parts = models.BinaryField()
    mark = models.TextField()
    digest = models.TextField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("every", "first_on", "number", name="diagnostics_kpishelfperiod_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.every} {self.first_on} {self.number}"
