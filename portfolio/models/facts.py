"""What every fact has in common: the import that brought it, and the source's own identifier."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization


def text(**options: Any) -> models.TextField:
    """An optional text; missing is ''. (db_default, so that bulk statements may leave it out.)"""
    return models.TextField(blank=True, default="", db_default="", **options)


def money(**options: Any) -> models.DecimalField:
    """An amount in the row's currency; to the hundredth of a cent, because unit prices need it."""
    return models.DecimalField(max_digits=18, decimal_places=4, **options)


def account_key(**options: Any) -> TenantForeignKey:
    """The reference to the fact's account."""
    return TenantForeignKey("portfolio.Account", related_name="+", **options)


def mentions() -> ArrayField:
    """The keyed hashes of the e-mail addresses that stand in the row's sealed texts (portfolio.people)."""
    return ArrayField(models.BinaryField(), default=list, db_default=[])


class Fact(TenantModel):
    """A row that an import brings. `import_number` counts the organization's imports; NULL: made in Phano."""

    import_number = models.IntegerField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        abstract = True


class SourcedFact(Fact):
    """A fact with the source's own identifier, unique in its organization."""

    source_id = models.TextField()

    class Meta(Fact.Meta):
        abstract = True
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("source_id", name="%(app_label)s_%(class)s_source"),
        ]

    def __str__(self) -> str:
        return self.source_id
