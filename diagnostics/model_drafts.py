"""The draft of the model: kept as people write it, compared with what is in force, published or put aside.

Several people may write at once. Each saving says what its page showed; what somebody else changed meanwhile is never
overwritten, and is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, Organization
from accounts.organizations import change_organization
from accounts.rules import lock_for
from diagnostics.model_desk import Desk, open_desk, parse_content
from diagnostics.model_fields import ModelField, Unfit, find_field
from diagnostics.model_versions import digest_of, latest_version, publish_model
from diagnostics.models import ModelDraft, ModelVersion

LONGEST_NOTE = 500


class DraftRefused(ValueError):
    """The draft cannot be published so; the message says why, for the person who asked."""


@dataclass(slots=True)
class Saved:
    """What became of a saving: values that their field does not take, and what others changed meanwhile.

    `refused` and `overtaken` are by path; an overtaken value was not written, a `told` one was not touched either.
    """

    written: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    overtaken: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)


def save_draft(*, actor: Membership, written: Mapping[str, str], shown: Mapping[str, str]) -> Saved:
    """Keep what somebody wrote, field by field; `shown` is what the page held before. Raises PermissionDenied.

    A field whose text is as shown is untouched. One that somebody else changed since is not overwritten.
    """
    lock_for(actor, "model.change")
    desk = open_desk(Organization.objects.get())
    saved, changes = Saved(), {}
    for path, text in written.items():
        declared = find_field(path)
        if declared is None or desk.standing(path) is None:
            continue
        base = _read_or_none(declared, shown.get(path, ""))
        theirs = desk.value(path)
        moved = path in shown and base != theirs
        if text == shown.get(path):
            if moved:
                saved.told.append(path)
            continue
        try:
            mine = declared.read(text)
        except Unfit as error:
            saved.refused[path] = str(error)
            continue
        if mine == theirs:
            continue
        if moved:
            saved.overtaken[path] = text
        else:
            changes[path] = None if mine == desk.standing(path) else mine
            saved.written.append(path)
    if changes:
        _write(desk, actor, changes)
    return saved


def reset_draft(*, actor: Membership, path: str | None = None) -> int:
    """Take one change of the draft back, or all; returns the draft's revision, by which it can be undone."""
    lock_for(actor, "model.change")
    desk = open_desk(Organization.objects.get())
    paths = [path] if path else list(desk.values)
    changes = {one: None for one in paths if one in desk.values}
    if changes:
        return _write(desk, actor, changes).revision
    return desk.revision


def undo_reset(*, actor: Membership, revision: int) -> bool:
    """Put back what `reset_draft` took; False where the draft was written to since."""
    lock_for(actor, "model.change")
    desk = open_desk(Organization.objects.get())
    if desk.draft is None or desk.draft.revision != revision:
        return False
    taken = {
        path: change["was"]
        for path, change in desk.draft.changes.items()
        if change["revision"] == revision and change.get("was") is not None
    }
    if taken:
        _write(desk, actor, taken)
    return bool(taken)


def publish_draft(*, actor: Membership, revision: int, number: int, note: str) -> ModelVersion | None:
    """Put the draft in force from the next night on; returns the new version, None where only settings changed.

    `revision` and `number` are those that the person saw. Raises DraftRefused, PermissionDenied.
    """
    lock_for(actor, "model.change")
    desk = open_desk(Organization.objects.get())
    note = " ".join(note.replace("\0", "").split())
    if not desk.values:
        raise DraftRefused(_("There is nothing to publish: the draft is what is in force."))
    if desk.number != number:
        raise DraftRefused(_("Another version was published meanwhile. Look at the preview again, then publish."))
    if desk.revision != revision:
        raise DraftRefused(_("The draft has changed since you looked at it. Look at the preview again, then publish."))
    if desk.faults:
        raise DraftRefused(desk.faults[0])
    if not note:
        raise DraftRefused(_("Say in a note why you publish: whoever reads the history will ask."))
    if len(note) > LONGEST_NOTE:
        raise DraftRefused(_("A note has at most %(most)s characters.") % {"most": LONGEST_NOTE})
    version = None
    if digest_of(desk.model) != digest_of(desk.in_force):
        version = publish_model(
            desk.model, origin=ModelVersion.Origin.OWN, note=note, moved=_moved(desk.draft), fitted=_fitted(desk)
        )
    if desk.settings:
        change_organization(actor=actor, **desk.settings)
    assert desk.draft is not None
    desk.draft.changes, desk.draft.revision = {}, desk.draft.revision + 1
    desk.draft.save(update_fields=["changes", "revision"])
    return version


def return_to_version(*, actor: Membership, to: int, number: int, note: str = "") -> ModelVersion:
    """Take up an earlier version's content as a new version; `number`: the version in force that the person saw.

    Raises DraftRefused, ModelVersion.DoesNotExist, PermissionDenied.
    """
    lock_for(actor, "model.change")
    organization = Organization.objects.get()
    version = ModelVersion.objects.get(number=to)
    latest = latest_version()
    assert latest is not None
    if latest.number != number:
        raise DraftRefused(_("Another version was published meanwhile. Nothing was changed."))
    try:
        model = parse_content(version)
    except ValueError as error:
        raise DraftRefused(_("This release no longer knows one of that version's signals.")) from error
    if digest_of(model) == digest_of(parse_content(latest)):
        raise DraftRefused(_("Version %(number)s says the same as the one in force.") % {"number": to})
    amount = model.thresholds.value_amount
    if amount is not None and Decimal(str(amount)) != organization.defense_arr:
        change_organization(actor=actor, defense_arr=Decimal(str(amount)))
    return publish_model(
        model,
        origin=version.origin if version.origin == ModelVersion.Origin.FITTED else ModelVersion.Origin.OWN,
        fitted=version.parameters.get("fitted"),
        returned_to=to,
        note=" ".join(note.replace("\0", "").split())[:LONGEST_NOTE],
    )


def _write(desk: Desk, actor: Membership, values: Mapping[str, Any]) -> ModelDraft:
    """Write changes into the draft as one revision; a value of None takes the field's change back."""
    now, revision = timezone.now(), desk.revision + 1
    standing = desk.values
    draft = desk.draft or ModelDraft(
        organization_id=actor.organization_id, based_on=desk.number, changed_at=now, changed_by=actor.user_id
    )
    if not standing:
        draft.based_on = desk.number
    for path, value in values.items():
        draft.changes[path] = {
            "value": value,
            "was": standing.get(path),
            "by": str(actor.user_id),
            "at": now.isoformat(),
            "revision": revision,
        }
    draft.revision, draft.changed_at, draft.changed_by = revision, now, actor.user_id
    draft.save()
    return draft


def _moved(draft: ModelDraft | None) -> dict[str, Any] | None:
    found = draft.preview if draft else None
    return {"accounts": found["accounts"], "arr": found["arr"]} if found and "arr" in found else None


def _fitted(desk: Desk) -> dict[str, Any] | None:
    """What the weights in force were fitted on: still said of a version that changes some of them."""
    return desk.version.parameters.get("fitted") if desk.version else None


def _read_or_none(declared: ModelField, text: str) -> Any:
    try:
        return declared.read(text)
    except Unfit:
        return None


def last_change(draft: ModelDraft, path: str) -> tuple[str, datetime] | None:
    """Who changed a field of the draft last, by user id, and when."""
    change = draft.changes.get(path)
    return (change["by"], datetime.fromisoformat(change["at"])) if change else None
