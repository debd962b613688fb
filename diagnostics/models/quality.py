"""Facts that contradict themselves or each other, as they were found when they were last looked through."""

from django.db import models

from accounts.tenancy import TenantModel
from portfolio.models.facts import account_key, text


class DoubtfulFacts(TenantModel):
    """Facts of one kind (diagnostics.doubts) on one account; NULL: of the organization's own catalogue.

    `facts`: how many; `first_on`, `last_on`: their days, NULL where they have none; `record`: the source's own
    identifier of one of them.
    """

    kind = models.TextField()
    account = account_key(delete="CASCADE", null=True, blank=True)
    facts = models.BigIntegerField()
    first_on = models.DateField(null=True, blank=True)
    last_on = models.DateField(null=True, blank=True)
    record = text()

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "account"], name="diagnostics_doubtful_account")]

    def __str__(self) -> str:
        return self.kind
