"""Organizations (tenants), their members, teams and invitations."""

import uuid
from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import OrganizationIsolation
from accounts.context import current_context
from accounts.fields import EncryptedTextField
from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization


def validate_time_zone(name: str) -> None:
    """Refuse a name that the time-zone database does not know."""
    if name not in available_timezones():
        raise ValidationError(_("%(name)s is not a time zone. Write for example Europe/Paris."), params={"name": name})


# Small letters only: Acme and acme would be two organizations that one reader cannot tell apart.
validate_slug_form = RegexValidator(
    r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", _("Use small letters, digits and single hyphens, for example acme-europe.")
)


class Visibility(models.TextChoices):
    OWN = "own", _("Their own book")
    TEAM = "team", _("Their team's books")
    ALL = "all", _("Every account")


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MANAGER = "manager", _("Manager")
    CSM = "csm", _("Customer Success Manager")
    AM = "am", _("Account Manager")
    DPO = "dpo", _("Data protection officer")
    VIEWER = "viewer", _("Viewer")
    SERVICE = "service", _("Service")


class OrganizationManager(models.Manager):
    """The open context's organization only; raises NoOrganization where no context is open."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(pk=current_context().organization_id)


class Organization(models.Model):
    """A tenant. Its slug stands in every URL; its settings steer import, night and screens."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address"), max_length=50, db_index=False, validators=[validate_slug_form])
    currency = models.CharField(
        _("reporting currency"), max_length=3, default="EUR", validators=[RegexValidator(r"^[A-Z]{3}$")]
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris", validators=[validate_time_zone])
    night_at = models.TimeField(_("nightly diagnosis at"), default=time(3, 30))
    fiscal_year_first_month = models.PositiveSmallIntegerField(
        _("fiscal year begins in month"), default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    late_renewal_grace_days = models.PositiveSmallIntegerField(
        _("late-renewal grace, in days"), default=30, validators=[MaxValueValidator(365)]
    )
    defense_arr = models.DecimalField(
        _("ARR from which a fragile account is defended"),
        max_digits=14,
        decimal_places=2,
        default=40_000,
        validators=[MinValueValidator(0)],
    )
    priorities_a_day = models.PositiveSmallIntegerField(
        _("priorities a person and day"),
        default=10,
        db_default=10,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
    )
    cooldown_days = models.PositiveSmallIntegerField(
        _("cool-down of a pitch, in days"), default=60, db_default=60, validators=[MaxValueValidator(365)]
    )
    nrr_with_reactivation = models.BooleanField(
        _("NRR counts accounts that came back"), default=False, db_default=False
    )
    figures_per_person = models.BooleanField(
        _("execution figures per person are shown to others"), default=True, db_default=True
    )
    expansion_share = models.DecimalField(
        _("rate on expansion closed, in per cent"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    visibility = models.CharField(_("members see"), max_length=8, choices=Visibility.choices, default=Visibility.ALL)
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrganizationManager()

    class Meta:
        constraints = [OrganizationIsolation(name="accounts_organization_isolation", column="id")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone, which decides when its day ends."""
        return ZoneInfo(self.time_zone)

    @property
    def is_writable(self) -> bool:
        """False once the trial is over: then all can be read and exported, access ended; nothing else is changed."""
        return self.trial_ends_at is None or timezone.now() < self.trial_ends_at


class Team(TenantModel):
    """A group of members whose books a manager sees together."""

    name = models.CharField(_("name"), max_length=80)

    class Meta(TenantModel.Meta):
        constraints = [*TenantModel.Meta.constraints, unique_in_organization("name", name="accounts_team_name_unique")]

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """A user in an organization: what the guard reads at every statement."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        ENDED = "ended", _("Ended")

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    team = TenantForeignKey("accounts.Team", null=True, blank=True, related_name="members")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    joined_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("user", name="accounts_membership_user_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"


class Invitation(TenantModel):
    """An invitation by e-mail; its token leads here through the guard's directory, as a digest.

    The token itself is made when the letter is written, and stands nowhere but in the letter.
    """

    email = EncryptedTextField()
    email_hash = models.BinaryField()
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    team = TenantForeignKey("accounts.Team", null=True, blank=True, related_name="+")
    token_hash = models.BinaryField()
    invited_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("token_hash", name="accounts_invitation_token_unique"),
        ]
        indexes = [models.Index(fields=["organization", "email_hash"], name="accounts_invitation_email")]

    @property
    def is_expired(self) -> bool:
        """Whether its link no longer works for its age; it can be sent again."""
        return timezone.now() >= self.expires_at
