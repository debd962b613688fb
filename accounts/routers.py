"""Which database alias does what: `owner` migrates, `default` (the app role) serves everything else."""

from typing import Any


class OwnerMigrates:
    """Migrations run as the role that owns the tables; the app role never changes a schema."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
