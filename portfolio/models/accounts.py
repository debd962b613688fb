"""Customer accounts, the history of their fields, and the people there."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.tenancy import TenantForeignKey, unique_in_organization
from portfolio.models.facts import Fact, SourcedFact, account_key, text


class Account(SourcedFact):
    """A customer. Fields marked † in the contract keep their history in AccountHistory."""

    class Tier(models.TextChoices):
        ENTERPRISE = "enterprise", _("Enterprise")
        MID_MARKET = "mid_market", _("Mid-market")
        SMB = "smb", _("Small business")

    class Phase(models.TextChoices):
        ONBOARDING = "onboarding", _("Onboarding")
        ADOPTING = "adopting", _("Adopting")
        STEADY = "steady", _("Steady")
        LEAVING = "leaving", _("Leaving")

    name = models.TextField()
    domain = text()
    tier = text(choices=Tier.choices)
    industry = text()
    country = text()
    employees = models.IntegerField(null=True, blank=True)
    parent = TenantForeignKey("portfolio.Account", null=True, blank=True, related_name="subsidiaries")
    csm_email = text()
    am_email = text()
    executive_sponsor_email = text()
    strategic = models.BooleanField(null=True, blank=True)
    phase = text(choices=Phase.choices)
    customer_since = models.DateField(null=True, blank=True)
    acquired_through = text()
    referred_by = TenantForeignKey("portfolio.Account", null=True, blank=True, related_name="+")
    currency = text()

    class Meta(SourcedFact.Meta):
        indexes = [
            models.Index(fields=["organization", "csm_email"], name="portfolio_account_csm"),
            models.Index(fields=["organization", "am_email"], name="portfolio_account_am"),
            models.Index(fields=["organization", "parent"], name="portfolio_account_parent"),
            models.Index(fields=["organization", "name"], name="portfolio_account_name"),
        ]

    def __str__(self) -> str:
        return self.name


class AccountHistory(Fact):
    """The value of one † field from one day on."""

    account = account_key()
    field = models.TextField()
    from_on = models.DateField()
    value = text()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("account", "field", "from_on", name="portfolio_accounthistory_unique"),
        ]


class Contact(SourcedFact):
    """A person at the customer. Name, e-mail and phone are sealed; keyed hashes serve exact look-ups."""

    account = account_key()
    name = EncryptedTextField()
    email = EncryptedTextField()
    phone = EncryptedTextField()
    title = text()
    department = text()
    role = text()
    stance = text()
    known_since = models.DateField(null=True, blank=True)
    left_on = models.DateField(null=True, blank=True)
    sealed_digest = models.BinaryField(default=b"", db_default=b"")
    email_hash = models.BinaryField(default=b"", db_default=b"")
    name_hash = models.BinaryField(default=b"", db_default=b"")
    word_hashes = ArrayField(models.BinaryField(), default=list)

    class Meta(SourcedFact.Meta):
        indexes = [
            models.Index(fields=["organization", "account"], name="portfolio_contact_account"),
            models.Index(fields=["organization", "email_hash"], name="portfolio_contact_email"),
        ]
