from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DiagnosticsConfig(AppConfig):
    name = "diagnostics"

    def ready(self) -> None:
        from accounts.audit import name_action
        from accounts.shell import SHELL_CONTEXT, add_to_navigation
        from diagnostics.navigation import SCREENS
        from diagnostics.shell import describe_diagnosis, offer_search

        for order, group, key, label, icon, permission in SCREENS:
            add_to_navigation(
                order=order, group=group, key=key, label=label, icon=icon, url_name=key, permission=permission
            )
        for describe in (describe_diagnosis, offer_search):
            if describe not in SHELL_CONTEXT:
                SHELL_CONTEXT.append(describe)
        name_action("study.track_record", _("had past nights judged"))
        name_action("study.calibration", _("had weights fitted to outcomes"))
        name_action("target.set", _("set a target"))
        name_action("target.removed", _("removed a target"))
        name_action("target.undone", _("took a target back"))
        name_action("view.saved", _("kept a list of accounts"))
        name_action("model.published", _("published a version of the model"))
        name_action("view.deleted", _("deleted a kept list of accounts"))
        name_action("renewal.forecast", _("forecast a renewal"))
        name_action("account.looked", _("looked at an account’s diagnosis"))
        from diagnostics.model_export import read_versions, write_versions
        from portfolio.settings_file import SECTIONS

        SECTIONS["model_versions"] = (write_versions, read_versions)
        # Known to the room below by its registries only.
        from diagnostics.arrivals import diagnose_arrived_facts, diagnose_sample
        from portfolio.events import facts_arrived, sample_loaded

        if diagnose_arrived_facts not in facts_arrived:
            facts_arrived.append(diagnose_arrived_facts)
            sample_loaded.append(diagnose_sample)
