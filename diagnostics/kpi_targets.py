"""Targets of KPIs, per period and group: read for the screens, set and taken back as business acts."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import AuditEntry, Membership
from diagnostics.kpis.calendar import Period
from diagnostics.kpis.declarations import Unit, find_kpi
from diagnostics.kpis.groups import BYS
from diagnostics.queries.kpi_groups import has_group, visible_targets
from portfolio.changes import UNDO_WITHIN, ChangeGone, ChangeRefused
from portfolio.models import Target

SET, REMOVED, UNDONE = "target.set", "target.removed", "target.undone"
MOST_VALUE = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets by (KPI, period, grouping, group); ('', '') is the whole portfolio."""

    values: Mapping[tuple[str, str, str, str], Decimal]

    def find(self, kpi: str, period: str, group_by: str = "", group: str = "") -> Decimal | None:
        """The target, None where none is set."""
        return self.values.get((kpi, period, group_by, group))

    def along(self, kpi: str, periods: Iterable[Period]) -> list[Decimal | None]:
        """The targets of the whole portfolio, period by period."""
        return [self.find(kpi, period.label) for period in periods]


def read_targets(periods: Sequence[Period], group_by: str = "") -> Targets:
    """The targets of these periods, of the whole and of one grouping, in one query."""
    rows = Target.objects.filter(
        Q(group_by="", group="") | Q(group_by=group_by), period__in=[period.label for period in periods]
    ).values_list("kpi", "period", "group_by", "group", "value")
    return Targets({(kpi, period, by, group): value for kpi, period, by, group, value in rows})


def set_target(
    *, membership: Membership, kpi: str, period: str, group_by: str = "", group: str = "", value: Decimal | None
) -> tuple[AuditEntry, Target | None]:
    """Set, change or (with None) remove one target; raises ChangeRefused.

    Returns the audit row, which names the target by its id and what it was before, and the target that stands.
    """
    _check(kpi, group_by, group, value)
    if value is not None and not has_group(membership, group_by, group):
        raise ChangeRefused(_("This group is not among those you see."))
    key = {"kpi": kpi, "period": period, "group_by": group_by, "group": group}
    found = visible_targets(membership).select_for_update().filter(**key).first()
    if value is None:
        if found is None:
            raise ChangeRefused(_("There is no target to remove."))
        target_id = found.pk
        found.delete()
        # An owner's address is no code: the removal of such a target is recorded without it, and has no Undo.
        named = {} if group_by == "owner" else key
        return _record(REMOVED, target_id, before=str(found.value), **named), None
    before = "" if found is None else str(found.value)
    if found is None:
        found = Target.objects.create(organization_id=membership.organization_id, value=value, **key)
    else:
        found.value = value
        found.save(update_fields=["value"])
    return _record(SET, found.pk, before=before, value=str(value)), found


def undo_target(*, membership: Membership, change_id: uuid.UUID) -> None:
    """Take back one's own change of a target within a day; raises ChangeGone where it was overtaken.

    Raises Http404, alike for another's change, a foreign and a missing one.
    """
    entry = AuditEntry.objects.filter(
        pk=change_id, actor_id=membership.user_id, at__gte=timezone.now() - UNDO_WITHIN, action__in=(SET, REMOVED)
    ).first()
    if entry is None:
        raise Http404
    if not _reverse(entry, membership):
        raise ChangeGone(str(change_id))
    _record(UNDONE, uuid.UUID(entry.subject_id), change=str(entry.pk))


def can_undo(entry: AuditEntry) -> bool:
    """Whether the change can be taken back by what its row says."""
    return entry.action == SET or "kpi" in entry.details


def _reverse(entry: AuditEntry, membership: Membership) -> bool:
    details = entry.details
    if entry.action == REMOVED:
        if "kpi" not in details:
            return False
        key = {name: details[name] for name in ("kpi", "period", "group_by", "group")}
        if Target.objects.filter(**key).exists():
            return False
        Target.objects.create(
            id=uuid.UUID(entry.subject_id),
            organization_id=membership.organization_id,
            value=Decimal(details["before"]),
            **key,
        )
        return True
    # Only where it still stands as this change left it.
    standing = Target.objects.filter(pk=entry.subject_id, value=Decimal(details["value"]))
    if details["before"]:
        return standing.update(value=Decimal(details["before"])) == 1
    return standing.delete()[0] == 1


def _check(kpi: str, group_by: str, group: str, value: Decimal | None) -> None:
    try:
        declared, detail = find_kpi(kpi)
    except KeyError:
        raise ChangeRefused(_("There is no KPI of this name.")) from None
    if detail and detail not in declared.details:
        raise ChangeRefused(_("There is no KPI of this name."))
    if (group_by and group_by not in BYS) or bool(group_by) != bool(group):
        raise ChangeRefused(_("Choose the whole portfolio or one group."))
    if value is None:
        return
    if abs(value) >= MOST_VALUE:
        raise ChangeRefused(_("This target is beyond anything."))
    if value < 0:
        raise ChangeRefused(_("A target is not below zero."))
    if declared.unit_of(detail) == Unit.RATIO and kpi == "grr" and value > 1:
        raise ChangeRefused(_("GRR is never above 100%: choose a target up to it."))


def _record(action: str, target_id: uuid.UUID, **details: str) -> AuditEntry:
    return audit.record(action, subject="target", subject_id=target_id, **details)
