"""What is planned with a customer and what was done: opportunities, plans, goals, whitespace, intent, acts."""

from django.db import models

from accounts.fields import EncryptedTextField
from accounts.tenancy import TenantForeignKey, unique_in_organization
from portfolio.models.catalogue import product_key
from portfolio.models.facts import Fact, SourcedFact, account_key, mentions, money, text


class Milestone(Fact):
    """A value milestone that an account reached."""

    account = account_key()
    milestone = models.TextField()
    reached_on = models.DateField()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("account", "milestone", name="portfolio_milestone_unique"),
        ]


class ValueMilestone(Fact):
    """What a milestone is called and within how many days of the first paid one it is expected; made in Phano alone.

    `milestone` is what the files call it: a definition and the accounts that reached it meet by that text.
    """

    milestone = models.TextField()
    name = text()
    expected_days = models.IntegerField(null=True, blank=True)

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("milestone", name="portfolio_valuemilestone_unique"),
        ]

    def __str__(self) -> str:
        return self.name or self.milestone


class Opportunity(SourcedFact):
    """An expansion or renewal opportunity; its stages are OpportunityStage."""

    account = account_key()
    lever = models.TextField()
    product = product_key(null=True, blank=True)
    created_on = models.DateField(null=True, blank=True)
    closes_on = models.DateField(null=True, blank=True)
    source = text()
    loss_reason = text()

    class Meta(SourcedFact.Meta):
        indexes = [models.Index(fields=["organization", "account"], name="portfolio_opportunity_account")]


class OpportunityStage(Fact):
    """An opportunity's stage and amount from one instant on."""

    opportunity = TenantForeignKey("portfolio.Opportunity", related_name="stages")
    at = models.DateTimeField()
    stage = models.TextField()
    amount_arr = money(null=True, blank=True)

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("opportunity", "at", name="portfolio_opportunitystage_unique"),
        ]


class AccountPlan(Fact):
    """A state of the account plan; the latest on or before a night counts."""

    account = account_key()
    objective = text()
    success_criteria = text()
    owner_email = text()
    updated_on = models.DateField()
    reviewed_on = models.DateField(null=True, blank=True)

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("account", "updated_on", name="portfolio_accountplan_unique"),
        ]


class AccountGoal(SourcedFact):
    """An expansion goal or next step."""

    account = account_key()
    title = models.TextField()
    amount_arr = money(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    done_on = models.DateField(null=True, blank=True)
    owner_email = text()

    class Meta(SourcedFact.Meta):
        indexes = [models.Index(fields=["organization", "account"], name="portfolio_accountgoal_account")]


class WhitespaceCell(Fact):
    """A cell of the whitespace grid: a product in a department."""

    account = account_key()
    product = product_key()
    department = models.TextField()
    state = models.TextField()
    users = models.IntegerField(null=True, blank=True)
    value_arr = money(null=True, blank=True)
    since = models.DateField(null=True, blank=True)

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("account", "product", "department", name="portfolio_whitespacecell_unique"),
        ]


class IntentSignal(Fact):
    """A third-party intent signal; strength 0–100."""

    account = account_key()
    observed_on = models.DateField()
    topic = text()
    strength = models.FloatField(null=True, blank=True)
    provider = text()

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("account", "observed_on", "topic", "provider", name="portfolio_intentsignal_unique"),
        ]


class PlanRate(Fact):
    """What one unit of a currency is worth in the reporting currency during a fiscal year."""

    fiscal_year = models.IntegerField()
    currency = models.TextField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("fiscal_year", "currency", name="portfolio_planrate_unique"),
        ]


class Target(Fact):
    """A target for a KPI in a period, for all or for one group."""

    kpi = models.TextField()
    period = models.TextField()
    group_by = text()
    group = text()
    value = models.DecimalField(max_digits=18, decimal_places=6)

    class Meta(Fact.Meta):
        constraints = [
            *Fact.Meta.constraints,
            unique_in_organization("kpi", "period", "group_by", "group", name="portfolio_target_unique"),
        ]


class Act(SourcedFact):
    """What a member did in Phano about an account. `priority` names the subject that called for it."""

    account = account_key()
    kind = models.TextField()
    at = models.DateTimeField()
    member_email = text()
    priority = text()
    reason = text()
    note = EncryptedTextField()
    sealed_digest = models.BinaryField(default=b"", db_default=b"")
    mentioned_hashes = mentions()

    class Meta(SourcedFact.Meta):
        indexes = [models.Index(fields=["organization", "account", "at"], name="portfolio_act_account")]
