"""The one draft of the organization's model: what its people changed and have not published yet."""

from django.db import models

from accounts.tenancy import TenantModel


class ModelDraft(TenantModel):
    """Values by the path of their field (diagnostics.model_fields), each with who wrote it when, at which revision.

    `changes`: {path: {"value": …, "by": user id, "at": instant, "revision": n}}; a value of None takes a change back,
    and stays there so that somebody who opened the page before learns of it. `revision` counts the writings.
    """

    changes = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0)
    # The version in force when it was begun.
    based_on = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    changed_by = models.UUIDField()
    # The last preview, and the digest of all that it was computed from.
    preview = models.JSONField(null=True, blank=True)
    preview_of = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["organization"], name="diagnostics_modeldraft_one"),
        ]

    def __str__(self) -> str:
        return f"Draft, revision {self.revision}"
