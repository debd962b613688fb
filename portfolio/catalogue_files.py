"""The files of the catalogue: those of the contract, and what people alone declare, which has the shape of one."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from portfolio import models as facts
from portfolio.columns import Column, File, Kind, file
from portfolio.contract import FILES

# What a milestone of milestones.csv is called, and when it is expected: no source says so, and no import touches it.
VALUE_MILESTONES = file(
    "value_milestones",
    facts.ValueMilestone,
    "milestone",
    _("Value milestones"),
    _("a value milestone that accounts are expected to reach"),
    Column("milestone", required=True),
    Column("name"),
    Column("expected_days", Kind.INTEGER),
)
FROM_SOURCES = ("products", "features", "plans", "plan_limits", "product_events")
CATALOGUE_FILES: Mapping[str, File] = {
    **{name: FILES[name] for name in FROM_SOURCES},
    VALUE_MILESTONES.name: VALUE_MILESTONES,
}
