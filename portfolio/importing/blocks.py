"""The files other than usage, in blocks of rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from portfolio.importing.landing import Lander, Outcome
from portfolio.importing.layout import Checked, Fault, Layout
from portfolio.importing.reader import RowReader
from portfolio.importing.rules import choose_rule
from portfolio.importing.sources import Guarded

BLOCK_ROWS = 2_000
# Rows with long texts: a block of tickets stays in the size of a block of usage.
BLOCK_CHARACTERS = 4 * 2**20


@dataclass
class RowBlock:
    """Checked rows, ready to land, and the faults of the others."""

    index: int
    share: float
    checked: list[Checked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    size: int = 0

    @property
    def rows(self) -> int:
        return len(self.checked) + len(self.faults)

    @property
    def is_full(self) -> bool:
        return self.rows >= BLOCK_ROWS or self.size >= BLOCK_CHARACTERS


def read_blocks(reader: RowReader, layout: Layout, stream: Guarded) -> Iterator[RowBlock]:
    """The file's blocks; cut by the rows alone, so that a second reading cuts alike."""
    rule = choose_rule(layout)
    block = RowBlock(0, 0)
    for row in reader:
        result = layout.check(row)
        if isinstance(result, Checked) and rule:
            result = rule(result) or result
        if isinstance(result, Fault):
            block.faults.append(result)
        elif result is not None:
            block.checked.append(result)
        block.size += sum(map(len, row.cells))
        if block.is_full:
            block.share = stream.share()
            yield block
            block = RowBlock(block.index + 1, 0)
    if block.rows:
        block.share = stream.share()
        yield block


def land_rows(block: RowBlock, lander: Lander) -> Outcome:
    """Write one block; call inside the organization's context, in the block's transaction."""
    outcome = lander.land(block.checked)
    outcome.faults = sorted([*block.faults, *outcome.faults], key=lambda fault: fault.line)
    return outcome
