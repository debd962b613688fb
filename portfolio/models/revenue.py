"""What customers pay: subscription periods and invoices."""

from django.db import models

from accounts.tenancy import TenantForeignKey, unique_in_organization
from portfolio.models.catalogue import product_key
from portfolio.models.facts import Fact, SourcedFact, account_key, money, text


class Subscription(Fact):
    """One period of a subscription: plan, seats and price are constant; a change is a new row, same source_id."""

    source_id = models.TextField()
    account = account_key()
    product = product_key()
    plan = TenantForeignKey("portfolio.Plan", null=True, blank=True, related_name="+")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    contract_id = text()
    term_started_on = models.DateField(null=True, blank=True)
    term_months = models.IntegerField(null=True, blank=True)
    renews_on = models.DateField(null=True, blank=True)
    notice_days = models.IntegerField(null=True, blank=True)
    auto_renews = models.BooleanField(null=True, blank=True)
    notice_given_on = models.DateField(null=True, blank=True)
    seats = models.FloatField(null=True, blank=True)
    mrr = money()
    discount_percent = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True)
    currency = text()
    change_reason = text()
    end_reason = text()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("source_id", "started_on", name="portfolio_subscription_unique"),
        ]
        indexes = [models.Index(fields=["organization", "account", "started_on"], name="portfolio_subscription_acct")]


class Invoice(SourcedFact):
    """An invoice; a negative amount is a credit note. Open, paid and overdue follow from the dates."""

    account = account_key()
    issued_on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    paid_on = models.DateField(null=True, blank=True)
    amount = money()
    currency = text()
    status = text()

    class Meta(SourcedFact.Meta):
        indexes = [
            models.Index(fields=["organization", "account", "issued_on"], name="portfolio_invoice_account"),
            models.Index(fields=["organization", "issued_on"], name="portfolio_invoice_issued"),
        ]
