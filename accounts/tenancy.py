"""The base of every tenant table: manager that refuses without a context, policy, composite keys.

Only PostgreSQL's policy is trusted; the manager is there to fail early and in words.
"""

import uuid
from typing import Any

from django.db import models

from accounts.constraints import CompositeKey, OrganizationIsolation, unique_in_organization
from accounts.context import (
    NoOrganization,
    current_context,
    organization_context,
    service_context,
    service_user_id,
)

__all__ = [
    "NoOrganization",
    "TenantForeignKey",
    "TenantModel",
    "current_context",
    "organization_context",
    "service_context",
    "service_user_id",
    "unique_in_organization",
]


class TenantManager(models.Manager):
    """Rows of the open context's organization; raises NoOrganization where no context is open."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(organization_id=current_context().organization_id)


class TenantForeignKey(models.ForeignKey):
    """A reference inside one organization; its database key is composite, see CompositeKey.

    `delete` is what PostgreSQL does when the target goes: NO ACTION or CASCADE.
    """

    def __init__(self, to: Any, on_delete: Any = models.DO_NOTHING, *, delete: str = "NO ACTION", **kw: Any) -> None:
        kw["db_constraint"] = False
        # Every index begins with organization_id, so models declare theirs.
        kw.setdefault("db_index", False)
        self.delete = delete
        super().__init__(to, on_delete, **kw)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        # As a plain key in migrations: the composite constraint stands there by itself.
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False, **kwargs: Any) -> None:
        super().contribute_to_class(cls, name, private_only, **kwargs)
        if not cls._meta.abstract:
            models.signals.class_prepared.connect(self._add_key, sender=cls, weak=False)

    def _add_key(self, sender: Any, **kwargs: Any) -> None:
        target = self.remote_field.model
        table = target._meta.db_table if not isinstance(target, str) else target.lower().replace(".", "_")
        if target == "self" or target is sender:
            table = sender._meta.db_table
        key = CompositeKey(
            name=f"{sender._meta.db_table}_{self.name}_key"[:63],
            column=self.column,
            to_table=table,
            on_delete=self.delete,
        )
        sender._meta.constraints = [*sender._meta.constraints, key]


class TenantModel(models.Model):
    """A row of one organization. A subclass with its own Meta extends TenantModel.Meta and its constraints."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="+", db_index=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        constraints = [
            unique_in_organization("id", name="%(app_label)s_%(class)s_org_id"),
            OrganizationIsolation(name="%(app_label)s_%(class)s_isolation"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.organization_id is None:
            self.organization_id = current_context().organization_id
        super().save(*args, **kwargs)
