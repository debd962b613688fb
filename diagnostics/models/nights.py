"""Nights that were diagnosed, the lease under which one runs, and the versions of the scoring model."""

from django.db import models

from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization


class ModelVersion(TenantModel):
    """One immutable state of the organization's scoring model; the highest number is in force.

    The app role may not change a row, only add one: a diagnosis of last year is read with the weights it was made by.
    """

    class Origin(models.TextChoices):
        DEFAULT = "default"  # comes with the program and follows its releases
        FITTED = "fitted"  # weights or curve come from the organization's own outcomes
        OWN = "own"  # thresholds or weights were set by its people

    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=16, choices=Origin.choices)
    parameters = models.JSONField()
    # SHA-256 of the parameters: a release that changes the default is a new version, a restart is not.
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    # Who put it in force; NULL: nobody did, it follows the program or the organization's own amount for defense.
    published_by = models.UUIDField(null=True, blank=True)
    note = models.TextField(blank=True, default="", db_default="")
    # What the preview said it would move: {"accounts": …, "arr": …}; NULL: nobody looked.
    moved = models.JSONField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("number", name="diagnostics_modelversion_number"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class Night(TenantModel):
    """A night whose diagnosis is complete: it appears together with all its rows, or not at all."""

    night = models.DateField()
    model_version = TenantForeignKey("diagnostics.ModelVersion", related_name="+")
    # The diagnosed night whose segments and levers this one continued; NULL: none, so no hysteresis.
    continued = models.DateField(null=True)
    accounts = models.IntegerField()
    withheld = models.IntegerField()
    arr = models.DecimalField(max_digits=18, decimal_places=2)
    movements = models.IntegerField()
    priorities = models.IntegerField()
    # Subjects left out beyond those that are kept as rows, by owner_email.
    unlisted = models.JSONField(default=dict)
    # Last day that each source knows of; NULL: the organization has no such source.
    usage_known_to = models.DateField(null=True)
    support_known_to = models.DateField(null=True)
    billing_known_to = models.DateField(null=True)
    crm_known_to = models.DateField(null=True)
    finished_at = models.DateTimeField()
    # When the night was diagnosed for the first time: what came later and is dated up to it arrived late.
    first_finished_at = models.DateTimeField(auto_now_add=True, null=True)
    # Facts dated up to it that came after its last run, when they were last counted.
    late_facts = models.BigIntegerField(default=0, db_default=0)
    seconds = models.FloatField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("night", name="diagnostics_night_unique"),
        ]

    def __str__(self) -> str:
        return self.night.isoformat()


class NightLease(TenantModel):
    """One row per organization: whether a night waits for a worker, runs, or rests after a failure.

    Only conditional UPDATEs change it (diagnostics/lease.py); whoever changes exactly one row goes on.
    """

    night = models.DateField(null=True)
    queued_at = models.DateTimeField(null=True)
    holder = models.UUIDField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    not_before = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["organization"], name="diagnostics_nightlease_one"),
        ]
