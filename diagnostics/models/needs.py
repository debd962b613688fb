"""Where customers voiced a need for a product: the record and the place in it, never the words."""

from django.db import models

from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization
from portfolio.models.facts import account_key


class VoicedNeed(TenantModel):
    """One phrase of a product found in one text: `start` and `length` count characters of the opened text."""

    account = account_key(delete="CASCADE")
    product = TenantForeignKey("portfolio.Product", related_name="+", delete="CASCADE")
    ticket = TenantForeignKey("portfolio.Ticket", null=True, related_name="+", delete="CASCADE")
    interaction = TenantForeignKey("portfolio.Interaction", null=True, related_name="+", delete="CASCADE")
    voiced_at = models.DateTimeField()
    # Of which text of the record: its column.
    column = models.CharField(max_length=16)
    start = models.IntegerField()
    length = models.IntegerField()

    class Meta(TenantModel.Meta):
        constraints = [*TenantModel.Meta.constraints]
        indexes = [
            models.Index(fields=["organization", "account", "voiced_at"], name="diagnostics_voicedneed_account"),
            models.Index(fields=["organization", "ticket"], name="diagnostics_voicedneed_ticket"),
            models.Index(fields=["organization", "interaction"], name="diagnostics_voicedneed_inter"),
        ]


class ReadText(TenantModel):
    """A record whose texts were searched, and the state of texts and phrases it was searched in."""

    ticket = TenantForeignKey("portfolio.Ticket", null=True, related_name="+", delete="CASCADE")
    interaction = TenantForeignKey("portfolio.Interaction", null=True, related_name="+", delete="CASCADE")
    state = models.BinaryField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("ticket", name="diagnostics_readtext_ticket"),
            unique_in_organization("interaction", name="diagnostics_readtext_interaction"),
        ]
