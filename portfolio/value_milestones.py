"""Value milestones as settings.json holds them, and the names by which pages call those that were reached."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.context import current_context
from portfolio.models import Milestone, ValueMilestone

LONGEST = 500
COLUMNS = ("milestone", "name", "expected_days")
MOST_DAYS = 730  # to a value milestone; two years on it is no onboarding


def write_milestones() -> list[dict[str, Any]]:
    """The definitions of the open organization, in a fixed order."""
    return [dict(one) for one in ValueMilestone.objects.order_by("milestone").values(*COLUMNS)]


def read_milestones(content: Any) -> None:
    """Take the definitions of an export in the place of those that stand; raises ValueError where they are none."""
    if not isinstance(content, list):
        raise ValueError("no value milestones")
    made: dict[str, ValueMilestone] = {}
    for one in content:
        if not isinstance(one, dict):
            raise ValueError("no value milestone")
        milestone, name, days = one.get("milestone"), one.get("name", ""), one.get("expected_days")
        if not isinstance(milestone, str) or not milestone.strip() or not isinstance(name, str):
            raise ValueError("no value milestone")
        if max(len(milestone), len(name)) > LONGEST or "\0" in milestone + name or milestone in made:
            raise ValueError("no value milestone")
        if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= MOST_DAYS):
            raise ValueError("no days")
        made[milestone] = ValueMilestone(
            organization_id=current_context().organization_id, milestone=milestone, name=name, expected_days=days
        )
    ValueMilestone.objects.all().delete()
    ValueMilestone.objects.bulk_create(made.values())


def with_names(reached: QuerySet[Milestone]) -> QuerySet[Milestone]:
    """Milestones that accounts reached, with `shown`: what they are called here; None where nobody named them."""
    defined = ValueMilestone.objects.filter(milestone=OuterRef("milestone")).exclude(name="")
    return reached.annotate(shown=Subquery(defined.values("name")[:1]))
