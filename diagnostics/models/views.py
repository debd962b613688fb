"""Lists that a member keeps under a name."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import TenantForeignKey, TenantModel, unique_in_organization


class SavedView(TenantModel):
    """A screen's filters and sort, kept as its URL query string; `shared` shows it to every member."""

    member = TenantForeignKey("accounts.Membership", related_name="+", delete="CASCADE")
    screen = models.CharField(max_length=16)
    name = models.CharField(_("name"), max_length=80)
    query = models.TextField(blank=True)
    shared = models.BooleanField(_("shown to everyone"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            unique_in_organization("member", "screen", "name", name="diagnostics_savedview_unique"),
        ]

    def __str__(self) -> str:
        return self.name
