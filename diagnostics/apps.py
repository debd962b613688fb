from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DiagnosticsConfig(AppConfig):
    name = "diagnostics"

    def ready(self) -> None:
        from accounts.audit import name_action
        from accounts.shell import SHELL_CONTEXT, add_to_navigation
        from diagnostics.shell import describe_diagnosis, offer_search

        for order, key, label in (
            (10, "today", _("Today")),
            (20, "matrix", _("Matrix")),
            (30, "accounts", _("Accounts")),
            (40, "expansion", _("Expansion")),
            (50, "renewals", _("Renewals")),
        ):
            add_to_navigation(
                order=order, group="work", key=key, label=label, icon=key, url_name=key, permission="portfolio.view"
            )
        add_to_navigation(
            order=61,
            group="workspace",
            key="data_quality",
            label=_("Data quality"),
            icon="warning",
            url_name="data_quality",
            permission="portfolio.view",
        )
        for order, key, label in ((66, "track_record", _("Track record")), (67, "act_outcomes", _("Outcomes"))):
            add_to_navigation(
                order=order,
                group="workspace",
                key=key,
                label=label,
                icon=key.replace("_", "-"),
                url_name=key,
                permission="portfolio.view",
            )
            order=64,
            group="workspace",
            key="model",
            label=_("Model"),
            icon="model",
            url_name="model",
            permission="model.view",
        )
        for describe in (describe_diagnosis, offer_search):
            if describe not in SHELL_CONTEXT:
                SHELL_CONTEXT.append(describe)
        name_action("study.track_record", _("had past nights judged"))
        name_action("study.calibration", _("had weights fitted to outcomes"))
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
