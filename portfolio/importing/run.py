"""Running an import that was claimed: file after file, block after block, each block a transaction of its own.

Good rows land as they are read. A worker that is killed has landed whole blocks; who runs the import again goes on
behind them.
"""

import logging
import traceback
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import chain, islice
from typing import Any

from django.db import connection

from accounts.tenancy import service_context
from portfolio.contract import ACCOUNTS, FILES, MANIFEST, SETTINGS, USAGE
from portfolio.events import tell_facts_arrived
from portfolio.importing import records
from portfolio.importing.accounts import stub_referred_accounts
from portfolio.importing.blocks import land_rows, read_blocks
from portfolio.importing.landing import Errand, Lander, Outcome, last_paid_to_first_unpaid
from portfolio.importing.layout import Layout, read_layout
from portfolio.importing.missing import find_missing
from portfolio.importing.reader import RowReader
from portfolio.importing.records import Stopped
from portfolio.importing.settings_file import take_settings
from portfolio.importing.sources import Guarded, Refused, Source
from portfolio.importing.usage import UsageReader
from portfolio.importing.usage_writing import UsageLander
from portfolio.models import Import, ImportFile
from portfolio.usage_months import pack_usage

logger = logging.getLogger(__name__)

# PostgreSQL works on a block in one process: two at once use both cores of the machine we plan for.
WRITERS = 2
LARGEST_SETTINGS = 2**20
# Beyond so many accounts "all of them" is the shorter answer.
MOST_ACCOUNTS_TOLD = 5_000

type Progress = Callable[[], None]


class Run:
    """One run of one import."""

    def __init__(self, claimed: Import, progress: Progress | None = None) -> None:
        self.claimed = claimed
        self.errand = Errand(claimed.organization_id, claimed.number, claimed.day)
        self.progress = progress
        self.accounts: set[uuid.UUID] | None = set()

    def read(self, files: Sequence[tuple[ImportFile, Source]]) -> Import.State:
        """Read every file that has not landed; returns the state in which the import has ended."""
        state, fault = Import.State.LANDED, ""
        try:
            for file, source in files:
                self._read_file(file, source)
        except Stopped:
            state = Import.State.STOPPED
        except (KeyboardInterrupt, SystemExit):
            with service_context(self.errand.organization_id):
                records.end_import(self.claimed.pk, Import.State.STOPPED)
            raise
        except Exception as error:
            where = "".join(traceback.format_tb(error.__traceback__))
            # Without the error's own words: PostgreSQL's quote the row that failed, with its names and addresses.
            logger.error(
                "Import %s of %s failed.\n%s%s", self.errand.number, self.errand.organization_id, where, fault_of(error)
            )
            state, fault = Import.State.FAILED, fault_of(error)
        with service_context(self.errand.organization_id):
            records.end_import(self.claimed.pk, state, fault=fault)
            days = records.days_of(self.claimed.pk)
        pack_usage(self.errand.organization_id)
        told = frozenset(self.accounts) if self.accounts is not None else None
        if told is None or told or days:
            tell_facts_arrived(self.errand.organization_id, told, days)
        return state

    def _read_file(self, file: ImportFile, source: Source) -> None:
        if file.state not in (ImportFile.State.WAITING, ImportFile.State.READING):
            return
        self._in_context(records.check_stop, self.claimed.pk)
        self._in_context(records.open_file, file)
        try:
            if file.file in FILES:
                self._read_rows(file, source)
            elif file.file == SETTINGS:
                with source.open() as stream:
                    self._in_context(take_settings, self.claimed, file, stream.read(LARGEST_SETTINGS))
            else:
                assert file.file == MANIFEST
        except Refused as refused:
            self._in_context(records.refuse_file, file, refused)
        else:
            self._in_context(records.close_file, file)
        if self.progress:
            self.progress()

    def _read_rows(self, file: ImportFile, source: Source) -> None:
        declared = FILES[file.file]
        with source.open() as stream:
            reader = RowReader(stream, frozenset(declared.names))
            layout = read_layout(declared, reader.header)
            self._in_context(self._say_what_columns_do, file, layout)
            landed = set(file.blocks_landed)
            if declared is USAGE:
                self._read_usage(file, reader, layout, stream, landed)
                return
            if declared is ACCOUNTS:
                stub_referred_accounts(source, self.errand)
            adjust = last_paid_to_first_unpaid(declared) if self.claimed.last_paid_days else None
            lander = Lander(layout, self.errand, adjust)
            for block in read_blocks(reader, layout, stream):
                if block.index in landed:
                    lander.remember(block.checked)
                else:
                    self._land(file, block.index, block.rows, block.share, partial(land_rows, block, lander))

    def _read_usage(
        self, file: ImportFile, reader: RowReader, layout: Layout, stream: Guarded, landed: set[int]
    ) -> None:
        blocks = UsageReader(reader, layout, stream, self.errand)
        lander = UsageLander(self.errand)
        waiting = (block for block in blocks if block.index not in landed)

        def land(block: Any) -> None:
            self._land(file, block.index, block.rows, block.share, partial(lander.land, block))

        land_side_by_side(waiting, land)

    def _land(self, file: ImportFile, index: int, rows: int, share: float, write: Callable[[], Outcome]) -> None:
        with service_context(self.errand.organization_id):
            records.check_stop(self.claimed.pk)
            outcome = write()
            records.record_block(file, index, rows=rows, share=share, outcome=outcome)
        if self.accounts is not None:
            self.accounts |= outcome.accounts
            if len(self.accounts) > MOST_ACCOUNTS_TOLD:
                self.accounts = None
        if self.progress:
            self.progress()

    def _say_what_columns_do(self, file: ImportFile, layout: Layout) -> None:
        if layout.unknown:
            records.add_note(file, "unknown_columns", columns=layout.unknown)
        for columns in find_missing(layout):
            records.add_note(file, "without", of=layout.file.name, columns=columns)

    def _in_context(self, act: Callable[..., None], *arguments: Any) -> None:
        with service_context(self.errand.organization_id):
            act(*arguments)


def fault_of(error: Exception) -> str:
    """What kind of error it was, and PostgreSQL's own number for it; none of its words."""
    cause = error.__cause__ or error
    code = getattr(cause, "sqlstate", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def land_side_by_side(blocks: Iterable[Any], land: Callable[[Any], None]) -> None:
    """Land blocks in threads while the next are read; a single block lands here, without a thread.

    The blocks must not share a row. What a thread raises is raised here, behind the blocks that run beside it.
    """
    rest = iter(blocks)
    first = list(islice(rest, 2))
    # Within a transaction of the caller's, other connections would see nothing of what it has written.
    if len(first) < 2 or WRITERS < 2 or connection.in_atomic_block:
        for block in chain(first, rest):
            land(block)
        return

    def land_apart(block: Any) -> None:
        try:
            land(block)
        finally:
            # This thread's own connection goes back to the pool.
            connection.close()

    with ThreadPoolExecutor(WRITERS, thread_name_prefix="import") as pool:
        running: set[Future[None]] = set()
        for block in chain(first, rest):
            running.add(pool.submit(land_apart, block))
            if len(running) > WRITERS:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        for future in running:
            future.result()
