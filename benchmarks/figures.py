"""A measured figure, as text for people and as a JSON line for programmes."""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `floor` is the least that the same work costs on this machine, `limit` the ratio to reach."""

    benchmark: str
    name: str
    value: float
    unit: str
    floor: float | None = None
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of its floor; None without one."""
        return self.value / self.floor if self.floor else None

    @property
    def text(self) -> str:
        """One line for people."""
        line = f"{self.benchmark}: {self.name}: {self.value:,.3f} {self.unit}"
        if self.ratio is not None:
            line += f", floor {self.floor:,.3f} {self.unit}, ratio {self.ratio:.2f}"
            if self.limit is not None:
                line += f" (to reach: {self.limit:.2f})"
        return line

    @property
    def json(self) -> str:
        """The same as one JSON object."""
        return json.dumps({**asdict(self), "ratio": self.ratio})


def read_processor_time(backend: int) -> float:
    """Seconds that this process and one of PostgreSQL's have worked: what a busy machine tells, too."""
    fields = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
