"""What moved from one diagnosed night to the next."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import TenantModel, unique_in_organization
from diagnostics.models.diagnoses import amount
from portfolio.models.facts import account_key, text


class Movement(TenantModel):
    """One account moved in one way on one night, or in the day after it."""

    class Kind(models.TextChoices):
        # In order of weight: where one account moved in several ways, the first is shown first.
        NOTICE_GIVEN = "notice_given", _("Notice given")
        ENTERED_DEFENSE = "entered_defense", _("Entered Defense")
        LEFT_DEFENSE = "left_defense", _("Left Defense")
        ENTERED_EXPANSION = "entered_expansion", _("Entered Expansion")
        LEFT_EXPANSION = "left_expansion", _("Left Expansion")
        HEALTH_MOVED = "health_moved", _("Health moved")
        LIMIT_NEARER = "limit_nearer", _("Limit nearer")
        LEVER_OPENED = "lever_opened", _("Lever opened")
        LEVER_CLOSED = "lever_closed", _("Lever closed")

    account = account_key(delete="CASCADE")
    night = models.DateField()
    # When it was seen in the day, under the day's date, until the night of that day replaces it; NULL: by a night.
    at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    place = models.SmallIntegerField()  # of this kind in the order above
    arr = amount(null=True)
    # Scores, or days left to the limit; the segments or levers stand in from_code and to_code.
    from_value = models.FloatField(null=True)
    to_value = models.FloatField(null=True)
    from_code = text()
    to_code = text()
    # The night it is measured against: the night before, or thirty nights before.
    since = models.DateField()
    # Signal number of the largest change of a contribution; NULL where none changed or the model did.
    cause = models.SmallIntegerField(null=True)
    cause_points = models.FloatField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("night", "account", "kind", name="diagnostics_movement_unique"),
        ]
        indexes = [models.Index(fields=["organization", "account", "night"], name="diagnostics_movement_account")]
