from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in

        from accounts import checks  # noqa: F401  # registers the deployment checks
        from accounts.sessions import note_sign_in
        from accounts.shell import add_to_navigation

        user_logged_in.connect(note_sign_in, dispatch_uid="accounts.note_sign_in")

        for order, key, label, permission in (
            (80, "members", _("Members"), "members.view"),
            (85, "audit", _("Audit"), "audit.view"),
            (90, "settings", _("Settings"), "organization.change"),
        ):
            add_to_navigation(
                order=order, group="workspace", key=key, label=label, icon=key, url_name=key, permission=permission
            )
