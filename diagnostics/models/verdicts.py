"""What members made of the signals that called for an act."""

from django.db import models

from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization
from portfolio.models.facts import text


class SignalVerdict(TenantModel):
    """One signal that was shown as a reason for a priority, and the act on that priority.

    `place` 1 is the signal shown first. `dismissed` is the reason of a dismissal, '' where the priority was acted on.
    It goes with its act: what is undone was never said.
    """

    act = TenantForeignKey("portfolio.Act", related_name="+", delete="CASCADE")
    night = models.DateField()
    signal = models.TextField()
    place = models.SmallIntegerField()
    dismissed = text()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("act", "signal", name="diagnostics_signalverdict_unique"),
        ]
        indexes = [models.Index(fields=["organization", "signal"], name="diagnostics_verdict_signal")]
