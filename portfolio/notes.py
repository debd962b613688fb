"""Notes on an account, written in Phano: sealed exchanges of kind `note`; for a day their author can take them back."""

import uuid
from datetime import timedelta

from django.utils import timezone

from accounts import audit
from accounts.models import Membership
from portfolio.books import visible_accounts
from portfolio.models import Account, Interaction
from portfolio.people import hash_mentions

MOST_CHARACTERS = 4000
UNDO_WITHIN = timedelta(hours=24)


class NoteGone(ValueError):
    """The note is not the member's own, was taken back before, or is more than a day old."""


def write_note(*, membership: Membership, account: Account, text: str) -> Interaction:
    """Keep a note on an account that the member may see; raises ValueError for none or too long a text.

    The audit trail says that a note was written, never what it says.
    """
    # PostgreSQL and the export's CSV know no NUL.
    words = text.replace("\x00", "").strip()
    if not words or len(words) > MOST_CHARACTERS:
        raise ValueError(f"A note has 1 to {MOST_CHARACTERS} characters.")
    note = Interaction.objects.create(
        organization_id=account.organization_id,
        source_id=f"note-{uuid.uuid4()}",
        account=account,
        kind="note",
        happened_at=timezone.now(),
        author_email=membership.user.email,
        text=words,
        mentioned_hashes=hash_mentions(account.organization_id, (words,)),
    )
    audit.record("note.written", subject="account", subject_id=account.pk, note=str(note.pk))
    return note


def undo_note(*, membership: Membership, note_id: uuid.UUID) -> uuid.UUID:
    """Take back one's own note of the last 24 hours and return its account's id; raises NoteGone."""
    note = Interaction.objects.filter(
        pk=note_id,
        kind="note",
        import_number=None,
        happened_at__gte=timezone.now() - UNDO_WITHIN,
        account__in=visible_accounts(membership),
    ).first()
    if note is None or note.author_email != membership.user.email or note.delete()[0] != 1:
        raise NoteGone(str(note_id))
    audit.record("note.undone", subject="account", subject_id=note.account_id, note=str(note_id))
    return note.account_id
