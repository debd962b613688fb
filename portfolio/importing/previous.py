"""What a row was before an import changed it."""

import json
import uuid
from collections.abc import Mapping, Sequence

from portfolio.models import PreviousRow

type Before = Mapping[str, str | None]


def keep_previous(organization_id: uuid.UUID, number: int, file: str, rows: Sequence[tuple[uuid.UUID, Before]]) -> None:
    """Keep rows of one file as they stand: (row, {database column, or a private column's name: cell})."""
    PreviousRow.objects.bulk_create(
        [
            PreviousRow(
                organization_id=organization_id,
                import_number=number,
                file=file,
                row_id=row_id,
                values=json.dumps(before),
            )
            for row_id, before in rows
        ],
        # An import that touches a row twice keeps what stood before its first touch.
        ignore_conflicts=True,
    )
