"""Looks back over past nights that were asked for: a track record, or a calibration. Each keeps its result and date."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.tenancy import TenantModel

# A night made again takes seconds: a worker that says nothing for so long is gone.
SILENCE = timedelta(minutes=10)


class Study(TenantModel):
    """One look back, made by a worker. `result` is what `diagnostics.study_results` writes and reads."""

    class Kind(models.TextChoices):
        TRACK_RECORD = "track_record"
        CALIBRATION = "calibration"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        TOO_LITTLE = "too_little"  # history: nothing can be judged or learned yet
        FAILED = "failed"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    # What was known at the end of this day is all that it knows.
    as_of = models.DateField()
    asked_at = models.DateTimeField(auto_now_add=True)
    asked_by = models.UUIDField(null=True)  # a user; NULL = after a night
    heartbeat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    nights_done = models.SmallIntegerField(default=0, db_default=0)
    nights = models.SmallIntegerField(default=0, db_default=0)
    result = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            # Two at once would do the same work twice, and cost every other organization a worker.
            models.UniqueConstraint(
                fields=["organization", "kind"],
                condition=Q(state__in=["waiting", "running"]),
                name="diagnostics_study_one_runs",
            ),
        ]
        indexes = [models.Index(fields=["organization", "kind", "asked_at"], name="diagnostics_study_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.as_of}"

    @property
    def is_open(self) -> bool:
        """Whether a worker has it or will take it; not one whose worker is silent for too long."""
        unfinished = self.state in (self.State.WAITING, self.State.RUNNING)
        return unfinished and (self.heartbeat_at or self.asked_at) > timezone.now() - SILENCE

    @property
    def share_done(self) -> float:
        """How much of its nights is done."""
        return self.nights_done / self.nights if self.nights else 0.0
