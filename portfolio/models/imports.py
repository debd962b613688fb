"""Imports: what came in when, what was refused and why, what an undo gives back; and exports to be fetched."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization
from portfolio.models.catalogue import product_key
from portfolio.models.facts import account_key, text

# A block lands in seconds; an import that has said nothing for this long has lost its worker.
SILENCE = timedelta(minutes=3)


class Import(TenantModel):
    """One import, numbered per organization. Its rows carry the number."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        LANDED = "landed", _("Landed")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    class Origin(models.TextChoices):
        PAGE = "page", _("Import page")
        COMMAND = "command", _("Command line")
        SAMPLE = "sample", _("Sample portfolio")

    number = models.IntegerField()
    origin = models.TextField(choices=Origin.choices)
    state = models.TextField(choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.UUIDField(null=True, blank=True)
    day = models.DateField()
    last_paid_days = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    stop_requested = models.BooleanField(default=False)
    fault = text()
    settings_before = models.JSONField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.UUIDField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("number", name="portfolio_import_number"),
            # Two at once could each bring a row that the other refers to, and undo could not tell them apart.
            models.UniqueConstraint(
                fields=["organization"], condition=Q(state__in=["running", "undoing"]), name="portfolio_import_one_runs"
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.number}"

    @property
    def is_interrupted(self) -> bool:
        """Whether its worker is gone: it is marked as running and has been silent for too long."""
        running = self.state in (self.State.RUNNING, self.State.UNDOING)
        return running and (self.heartbeat_at is None or self.heartbeat_at < timezone.now() - SILENCE)

    @property
    def is_active(self) -> bool:
        """Whether something still happens to it."""
        return self.state in (self.State.WAITING, self.State.RUNNING, self.State.UNDOING) and not self.is_interrupted


class ImportFile(TenantModel):
    """One file of an import: how far it was read, and what became of its rows."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        READING = "reading", _("Being read")
        LANDED = "landed", _("Landed")
        REFUSED = "refused", _("Refused")
        IGNORED = "ignored", _("Ignored")

    of_import = TenantForeignKey("portfolio.Import", related_name="files", delete="CASCADE", db_column="import_id")
    position = models.IntegerField()
    name = models.TextField()
    file = text()
    # Where the upload is kept until the import has ended: a name in its private folder, and one inside a zip.
    stored_as = text()
    zip_entry = text()
    state = models.TextField(choices=State.choices, default=State.WAITING)
    rows_read = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    share = models.FloatField(default=0)
    blocks_landed = ArrayField(models.IntegerField(), default=list)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    notes = models.JSONField(default=list)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("of_import", "position", name="portfolio_importfile_position"),
        ]

    def __str__(self) -> str:
        return self.name


class RejectedRow(TenantModel):
    """A row that did not land. `cells` is sealed: a refused value may be a person's name or address."""

    file = TenantForeignKey("portfolio.ImportFile", related_name="rejected_rows", delete="CASCADE")
    line = models.BigIntegerField()
    column = text()
    reason = models.TextField()
    cells = EncryptedTextField()

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "file", "line"], name="portfolio_rejectedrow_line")]


class PreviousRow(TenantModel):
    """What a row was before an import changed it; sealed, because it may hold a person's name or words."""

    import_number = models.IntegerField()
    file = models.TextField()
    row_id = models.UUIDField()
    values = EncryptedTextField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("file", "row_id", "import_number", name="portfolio_previousrow_unique"),
        ]
        indexes = [models.Index(fields=["organization", "import_number"], name="portfolio_previousrow_import")]


class PreviousUsage(TenantModel):
    """What a usage quantity was before an import changed it."""

    import_number = models.IntegerField()
    account = account_key(delete="CASCADE")
    product = product_key(null=True, blank=True, delete="CASCADE")
    metric = models.TextField()
    day = models.DateField()
    quantity = models.FloatField()

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["organization", "import_number", "day"], name="portfolio_previoususage_import"),
            models.Index(fields=["organization", "account"], name="portfolio_previoususage_acct"),
        ]


class Export(TenantModel):
    """An export of the organization, made for one person: one fetch, within a day."""

    requested_by = models.UUIDField()
    requested_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    size = models.BigIntegerField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["organization", "requested_by", "-requested_at"], name="portfolio_export_newest")
        ]
