"""What the day brings between two nights: accounts with new facts, and their provisional diagnoses."""

from django.db import models

from accounts.tenancy import TenantModel, unique_in_organization
from diagnostics.models.diagnoses import Diagnosed
from portfolio.models.facts import account_key


class ArrivedFacts(TenantModel):
    """An account whose facts changed and that waits to be diagnosed again; one row, however many blocks land."""

    account = account_key(delete="CASCADE")
    arrived_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("account", name="diagnostics_arrivedfacts_unique"),
        ]


class DayDiagnosis(Diagnosed):
    """An account as its day stands, by the model version of the night before; part of no night.

    `night` is the day that is not over: from the night of that day on, the row says nothing any more.
    """

    at = models.DateTimeField()

    class Meta(Diagnosed.Meta):
        abstract = False
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("account", name="diagnostics_daydiagnosis_unique"),
        ]
