"""Keeps the processes of one Phano running: each in its own session with its own log, started again when it dies."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

TICK_SECONDS = 0.1
STOP_SECONDS = 8  # then the process group is killed; a task cut off is claimed again by the next worker
STEADY_SECONDS = 60  # a child that lived this long has recovered: its next death waits one second again
LONGEST_WAIT_SECONDS = 30
WATCH_SECONDS = 2


@dataclass
class Child:
    """One process to keep alive: what to run, and where it stands."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0


class Supervisor:
    """Starts children in order, starts them again with growing waits, ends them in the reverse order.

    `logs` takes one file a child, `record` names the living children for a later run to find, `report` shows one line
    to whoever watches, `watch` is called every other second (it revives the servers that the children need).
    """

    def __init__(self, *, logs: Path, record: Path, report: Callable[[str], None], watch: Callable[[], None]) -> None:
        self.logs, self.record, self.report, self.watch = logs, record, report, watch
        self.children: list[Child] = []
        self.signals = 0

    def catch_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal end everything in order; a second one stops the waiting."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.note_signal)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup asked for it to be ignored
            signal.signal(signal.SIGHUP, self.note_signal)

    def note_signal(self, number: int, frame: object) -> None:
        self.signals += 1

    @property
    def stopping(self) -> bool:
        return self.signals > 0

    def run_once(self, command: Sequence[str]) -> int:
        """Run a command that ends by itself, its output shown as it comes; returns its exit code."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None:
            if self.stopping:
                end_groups([process.pid], hurry=lambda: self.signals > 1)
            time.sleep(TICK_SECONDS)
        return process.returncode

    def start(self, child: Child) -> None:
        """Start a child in a session of its own, so that Ctrl-C reaches it only through us."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with open(self.logs / f"{child.name}.log", "ab") as log:
            child.process = subprocess.Popen(
                child.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        child.started = time.monotonic()
        if child not in self.children:
            self.children.append(child)
        self.write_record()

    def wait_for(self, child: Child, is_ready: Callable[[], bool], *, seconds: float) -> bool:
        """Wait until `child` is ready; False if it died, took too long, or we are stopping."""
        deadline = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < deadline:
            if child.process is None or child.process.poll() is not None:
                return False
            if is_ready():
                return True
            time.sleep(TICK_SECONDS)
        return False

    def keep_running(self) -> None:
        """Look after the children until a signal comes."""
        watched = time.monotonic()
        while not self.stopping:
            for child in self.children:
                self.look_after(child)
            if time.monotonic() - watched > WATCH_SECONDS:
                self.watch()
                watched = time.monotonic()
            time.sleep(TICK_SECONDS)

    def look_after(self, child: Child) -> None:
        """Start `child` again if it died: at once is too soon for a fault that lasts, so each death waits longer."""
        now = time.monotonic()
        if child.process is None:
            if now >= child.due:
                self.start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        end_groups([child.process.pid], hurry=lambda: True)  # what a dead child left of its group would hold its port
        child.deaths = 1 if now - child.started > STEADY_SECONDS else child.deaths + 1
        wait = min(2 ** (child.deaths - 1), LONGEST_WAIT_SECONDS)
        child.process, child.due = None, now + wait
        self.report(f"{child.name} ended ({describe_exit(code)}) and starts again in {wait} s:\n{self.read_end(child)}")

    def read_end(self, child: Child, lines: int = 12) -> str:
        """The last lines that `child` wrote, indented."""
        text = (self.logs / f"{child.name}.log").read_text(errors="replace")
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

    def end(self) -> None:
        """End the children, the last one started first; nothing of them is left afterwards."""
        for child in reversed(self.children):
            if child.process is not None:
                end_groups([child.process.pid], hurry=lambda: self.signals > 1)
                child.process.wait()
        if self.children:
            self.record.unlink(missing_ok=True)

    def write_record(self) -> None:
        """Name the living children with their start times: a number alone could be another process's by then."""
        living = {}
        for child in self.children:
            if child.process is not None and (started := read_start(child.process.pid)):
                living[child.process.pid] = started
        draft = self.record.with_suffix(".new")
        draft.write_text(json.dumps(living))
        draft.replace(self.record)


def end_left_children(record: Path) -> int:
    """End what a killed supervisor left running, read from its record; returns how many children that were."""
    try:
        named = json.loads(record.read_text())
    except (FileNotFoundError, ValueError):
        return 0
    left = [int(pid) for pid, started in named.items() if read_start(int(pid)) == started]
    end_groups(left, hurry=lambda: False)
    record.unlink(missing_ok=True)
    return len(left)


def end_groups(leaders: Sequence[int], *, hurry: Callable[[], bool]) -> None:
    """Ask the process groups of these leaders to end, wait at most STOP_SECONDS, then kill what is left of them."""
    send_to_groups(leaders, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(is_group_alive(leader) for leader in leaders) and time.monotonic() < deadline and not hurry():
        time.sleep(TICK_SECONDS / 2)
    send_to_groups(leaders, signal.SIGKILL)


def send_to_groups(leaders: Sequence[int], number: signal.Signals) -> None:
    for leader in leaders:
        try:
            os.killpg(leader, number)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group that has just ended
            continue


def is_group_alive(leader: int) -> bool:
    """Whether a process of the group still runs; one that only waits to be collected does not count."""
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                return True
        except (ProcessLookupError, psutil.Error):
            continue
    return False


def read_start(pid: int) -> float | None:
    """When the process began, in seconds since 1970; None where it is gone."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def describe_exit(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
