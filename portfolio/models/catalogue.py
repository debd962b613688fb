"""What the organization sells: products, features, plans, limits, and what it did that many accounts may feel."""

from typing import Any

from django.db import models

from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization
from portfolio.models.facts import Fact, SourcedFact, money, text


def product_key(**options: Any) -> TenantForeignKey:
    """The reference to a product."""
    return TenantForeignKey("portfolio.Product", related_name="+", **options)


class Product(SourcedFact):
    """Something the organization sells; `need_phrases` are separated by ';' (portfolio.need_phrases)."""

    name = models.TextField()
    family = text()
    core = models.BooleanField(null=True, blank=True)
    need_phrases = text()

    def __str__(self) -> str:
        return self.name


class Feature(Fact):
    """A feature whose use means something; `metric` is `feature:NAME`."""

    product = product_key()
    metric = models.TextField()
    name = text()
    effect = text()
    opens_expansion = models.BooleanField(null=True, blank=True)

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("product", "metric", name="portfolio_feature_unique"),
        ]


class Plan(SourcedFact):
    """A level of a product; rank 1 is the lowest."""

    product = product_key()
    name = models.TextField()
    rank = models.IntegerField()
    list_price_monthly = money(null=True, blank=True)
    price_basis = text()
    currency = text()

    def __str__(self) -> str:
        return self.name


class PlanLimit(Fact):
    """What a plan includes of a metric (`seats`, `api_calls`, …)."""

    plan = TenantForeignKey("portfolio.Plan", related_name="limits")
    metric = models.TextField()
    included = models.FloatField()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("plan", "metric", name="portfolio_planlimit_unique"),
        ]


class CatalogueEdit(TenantModel):
    """What the source last said of a cell that was changed in Phano: while it repeats itself, the change stands.

    `key` holds the cells of the row's key as JSON, as its file spells them: it outlives the row, and an export.
    """

    file = models.TextField()
    key = models.TextField()
    column = models.TextField()
    source_cell = text()
    changed_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("file", "key", "column", name="portfolio_catalogueedit_unique"),
        ]


class ProductEvent(SourcedFact):
    """A release, an incident or a price change that many accounts may feel."""

    kind = models.TextField()
    happened_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    product = product_key(null=True, blank=True)
    title = text()
