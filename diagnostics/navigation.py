"""The screens of the diagnosis in the navigation: order, group, key (its route too), label, icon, permission."""

from django.utils.translation import gettext_lazy as _

SCREENS = (
    (10, "work", "today", _("Today"), "today", "portfolio.view"),
    (20, "work", "matrix", _("Matrix"), "matrix", "portfolio.view"),
    (30, "work", "accounts", _("Accounts"), "accounts", "portfolio.view"),
    (40, "work", "expansion", _("Expansion"), "expansion", "portfolio.view"),
    (50, "work", "renewals", _("Renewals"), "renewals", "portfolio.view"),
    (55, "work", "kpis", _("KPIs"), "kpis", "portfolio.view"),
    (61, "workspace", "data_quality", _("Data quality"), "warning", "portfolio.view"),
    (64, "workspace", "model", _("Model"), "model", "model.view"),
    (66, "workspace", "track_record", _("Track record"), "track-record", "portfolio.view"),
    (67, "workspace", "act_outcomes", _("Outcomes"), "act-outcomes", "portfolio.view"),
)
