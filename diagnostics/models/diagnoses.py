"""What a night found about each account."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization
from portfolio.models.facts import account_key, text


def score(**options: Any) -> models.FloatField:
    """A score, or a part of one: a multiple of 1/16, so that sums are exact in floats and in decimals."""
    return models.FloatField(**options)


def amount(**options: Any) -> models.DecimalField:
    """An amount in the organization's currency."""
    return models.DecimalField(max_digits=18, decimal_places=2, **options)


def forgotten(to: str, column: str) -> TenantForeignKey:
    """A reference that empties itself when its target goes; the diagnosis stays."""
    return TenantForeignKey(to, null=True, related_name="+", delete=f"SET NULL ({column})")


class Segment(models.TextChoices):
    EXPANSION = "expansion_priority", _("Expansion priority")
    DEFENSE = "defense_priority", _("Defense priority")
    REGULAR = "regular_follow_up", _("Regular follow-up")


class Lever(models.TextChoices):
    RETAIN = "retain", _("Retain")
    UPSELL = "upsell", _("Upsell")
    SEATS = "seats", _("Seats")
    USAGE = "usage", _("Usage")
    CROSS_SELL = "cross_sell", _("Cross-sell")
    PRICE = "price", _("Price")


class Diagnosed(TenantModel):
    """What is found about one account. `points` and `values` are read by signal number of a model version."""

    Segment = Segment
    Lever = Lever

    account = account_key(delete="CASCADE")
    night = models.DateField()
    arr = amount(null=True)
    health = score(null=True)
    potential = score(null=True)
    churn_risk = models.FloatField(null=True)
    renewal_risk = models.FloatField(null=True)
    segment = models.TextField()
    value_segment = models.TextField()
    lever = models.TextField()
    lever_since = models.DateField(null=True)
    value_at_risk = amount()
    expansion_potential_arr = amount()
    upsell_arr = amount()
    seats_arr = amount()
    usage_arr = amount()
    cross_sell_arr = amount()
    price_arr = amount()
    renews_on = models.DateField(null=True)
    decision_on = models.DateField(null=True)
    window_ends_on = models.DateField(null=True)
    limit_metric = text()
    limit_on = models.DateField(null=True)
    # Plain ids: two more keys would cost a tenth of the night, and a plan that is gone is simply not named.
    next_plan_id = models.UUIDField(null=True)
    voiced_product_id = models.UUIDField(null=True)
    confidence = models.FloatField()
    # usage, support, billing, crm: 0 missing, 1 stale, 2 contradictory, 3 fresh
    sources = ArrayField(models.SmallIntegerField())
    top_cause = models.SmallIntegerField(null=True)
    points = ArrayField(models.FloatField())
    values = ArrayField(models.FloatField(null=True))
    # What the next night continues from.
    fragile = models.BooleanField()
    high_potential = models.BooleanField()
    fragile_nights = models.SmallIntegerField()
    recovered_nights = models.SmallIntegerField()
    healthy_nights = models.SmallIntegerField()
    nights = models.SmallIntegerField()

    class Meta(TenantModel.Meta):
        abstract = True


class Diagnosis(Diagnosed):
    """One account on one night, by the night's model version."""

    class Meta(Diagnosed.Meta):
        abstract = False
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("account", "night", name="diagnostics_diagnosis_unique"),
        ]
        indexes = [models.Index(fields=["organization", "night"], name="diagnostics_diagnosis_night")]
