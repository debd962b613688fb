"""What the frame learns of this room: its screens and the names of its acts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortfolioConfig(AppConfig):
    name = "portfolio"

    def ready(self) -> None:
        from accounts.audit import name_action
        from accounts.shell import add_to_navigation

        for order, key, label, icon, permission in (
            (60, "import", _("Import"), "import", "portfolio.import"),
            (62, "export", _("Export"), "download", "portfolio.export"),
            (66, "catalogue", _("Catalogue"), "table", "catalogue.view"),
        ):
            add_to_navigation(
                order=order, group="workspace", key=key, label=label, icon=icon, url_name=key, permission=permission
            )
        from portfolio.importing.kept_edits import read_edits, write_edits
        from portfolio.settings_file import SECTIONS
        from portfolio.value_milestones import read_milestones, write_milestones

        SECTIONS["catalogue_edits"] = (write_edits, read_edits)
        SECTIONS["value_milestones"] = (write_milestones, read_milestones)
        name_action("catalogue.changed", _("changed the catalogue"))
        name_action("catalogue.added", _("added to the catalogue"))
        name_action("catalogue.removed", _("removed from the catalogue"))
        name_action("note.written", _("wrote a note on an account"))
        name_action("note.undone", _("took a note back"))
        for action, label in (
            ("opportunity.opened", _("opened an opportunity")),
            ("opportunity.moved", _("moved an opportunity to another stage")),
            ("opportunity.amount_changed", _("changed the amount of an opportunity")),
            ("opportunity.closing_changed", _("changed the closing day of an opportunity")),
            ("step.added", _("noted a next step")),
            ("step.changed", _("changed a next step")),
            ("step.done", _("finished a next step")),
            ("plan.written", _("wrote an account plan")),
            ("plan.rewritten", _("wrote an account plan again")),
            ("plan.reviewed", _("reviewed an account plan")),
            ("review.planned", _("planned a business review")),
            ("review.held", _("noted that a business review was held")),
            ("review.cancelled", _("cancelled a business review")),
            ("change.undone", _("took a change back")),
        ):
            name_action(action, label)
        name_action("plan_rate.set", _("set a plan rate"))
        name_action("plan_rate.removed", _("removed a plan rate"))
        name_action("plan_rate.undone", _("took a plan rate back"))
        name_action("import.begun", _("began an import"))
        name_action("import.landed", _("landed an import"))
        name_action("import.stop_asked", _("asked an import to stop"))
        name_action("import.stopped", _("stopped an import"))
        name_action("import.failed", _("gave up an import that failed"))
        name_action("import.run_again", _("ran an import again"))
        name_action("import.undo_asked", _("asked for the undo of an import"))
        name_action("import.undone", _("undid an import"))
        name_action("organization.settings_imported", _("took settings from an export"))
        name_action("export.requested", _("asked for an export of everything"))
        name_action("export.fetched", _("downloaded an export of everything"))
