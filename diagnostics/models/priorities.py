"""What is worth acting on after a night, for whom, and what was left out."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import TenantModel, unique_in_organization
from diagnostics.models.diagnoses import amount, forgotten
from portfolio.models.facts import account_key, text


class Priority(TenantModel):
    """One subject of one account on one night. Ids, codes and figures only: sentences are written when shown."""

    class Kind(models.TextChoices):
        RETAIN = "retain", _("Retain")
        RENEWAL = "renewal", _("Renewal without contact")
        SPONSOR = "sponsor", _("Sponsor gone")
        UPSELL = "upsell", _("Upsell")
        SEATS = "seats", _("Seats")
        USAGE = "usage", _("Usage")
        CROSS_SELL = "cross_sell", _("Cross-sell")
        PRICE = "price", _("Price")
        OPPORTUNITY = "opportunity", _("Stale opportunity")
        PLAN = "plan", _("Account plan overdue")
        OWNER = "owner", _("No owner")

    class LeftOut(models.TextChoices):
        MORE_THAN_TEN = "more_than_ten", _("More than a day holds")
        BELOW_THRESHOLD = "below_threshold", _("Below the threshold")
        DONE = "done", _("Done, nothing new since")
        SNOOZED = "snoozed", _("Snoozed")
        DISMISSED = "dismissed", _("Dismissed, nothing new since")
        COOLDOWN = "cooldown", _("Offered lately")

    account = account_key(delete="CASCADE")
    night = models.DateField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # With the account, the same subject across nights; acts name it.
    subject = models.TextField()
    lever = text()
    owner_email = text()  # '' = unowned
    rank = models.SmallIntegerField(null=True)  # of the person's at most ten; NULL = left out
    left_out = models.CharField(max_length=16, blank=True, choices=LeftOut.choices)
    left_out_until = models.DateField(null=True)
    # effect = base × probability × share; NULL where no amount is known.
    effect = amount(null=True)
    base = amount(null=True)
    probability = models.FloatField(null=True)
    share = models.FloatField()
    urgency = models.FloatField()
    deadline = models.DateField(null=True)
    decision_on = models.DateField(null=True)
    # Figures of the kind's own; why now and the second fact are read from the diagnosis when shown.
    facts = models.JSONField(default=dict)
    # Lighter subjects of the same account and person, which this one speaks for.
    also = ArrayField(models.TextField(), default=list)
    contact = forgotten("portfolio.Contact", "contact_id")
    # What is new since the last act on the subject, in codes and figures; {} where nobody acted before.
    news = models.JSONField(default=dict)
    # Rows of one cause are one row of the list, under one rank: `event:`, `signal:` or `kind:` and its name.
    pool = text()
    event = forgotten("portfolio.ProductEvent", "event_id")
    # How many accounts of the organization share the cause, whoever owns them, and their ARR.
    pool_accounts = models.SmallIntegerField(null=True)
    pool_arr = amount(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("account", "night", "subject", name="diagnostics_priority_subject"),
        ]
        indexes = [
            models.Index(fields=["organization", "night", "owner_email", "rank"], name="diagnostics_priority_owner"),
        ]
