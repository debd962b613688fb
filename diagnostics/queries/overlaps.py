"""Two colleagues who would turn to the same person on the same day are told to agree."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Membership
from diagnostics.models import Priority
from diagnostics.queries.priority_rows import PriorityRow


def mark_overlaps(
    found: list[Priority],
    states: Mapping[UUID, str],
    rows: Mapping[UUID, PriorityRow],
    membership: Membership,
    *,
    named: Iterable[str] = (),
) -> dict[str, str]:
    """Say on each open row who else has its person on the list today; returns colleagues' names by address.

    `found` are all priorities in sight, `rows` those that are shown, by id; `named` are addresses to name besides. One
    query where a colleague is to be named, else none.
    """
    own = membership.user.email.lower()
    turning: dict[UUID, set[str]] = {}
    for one in found:
        if one.contact_id and one.owner_email and states[one.id] == "open":
            turning.setdefault(one.contact_id, set()).add(one.owner_email)
    both = {contact: emails for contact, emails in turning.items() if len(emails) > 1}
    emails = {email for several in both.values() for email in several} | set(named) - {own, ""}
    if not emails:
        return {}
    known = Membership.objects.filter(user__email__in=emails).values_list("user__email", "user__full_name")
    names = {email: email for email in emails} | {email: name for email, name in known if name}
    for one in found:
        row = rows.get(one.id)
        if row is None or row.state != "open" or row.action.contact is None:
            continue
        others = both.get(row.action.contact.id, set()) - {one.owner_email, own}
        if others:
            row.overlap = _("%(who)s also has %(person)s on the list today: agree who calls.") % {
                "who": min(names[email] for email in others),
                "person": row.action.contact.name,
            }
    return names
