"""The audit trail: append-only, also for the app role."""

from django.db import models

from accounts.tenancy import TenantModel


class AuditEntry(TenantModel):
    """Who did what to what, and when. `details` holds ids and codes, never a person's words or address."""

    at = models.DateTimeField(auto_now_add=True)
    actor_id = models.UUIDField()
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=64, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [*TenantModel.Meta.constraints]
        indexes = [models.Index(fields=["organization", "-at"], name="accounts_audit_newest")]
