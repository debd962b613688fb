from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortfolioConfig(AppConfig):
    name = "portfolio"

    def ready(self) -> None:
        from accounts.audit import name_action

        name_action("note.written", _("wrote a note on an account"))
        name_action("note.undone", _("took a note back"))
