"""The supervisor starts its children again, says why they died, and leaves nothing of them behind."""

import json
import os
import signal
import sys
import threading
import time

import psutil
import pytest

from phano import supervisor as supervising
from phano.supervisor import Child, Supervisor, end_left_children, read_start

IGNORES_TERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)
HAS_A_CHILD = "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"


def run_python(name: str, code: str) -> Child:
    return Child(name, [sys.executable, "-c", code])


@pytest.fixture
def supervisor(tmp_path):
    lines: list[str] = []
    made = Supervisor(logs=tmp_path, record=tmp_path / "children.json", report=lines.append, watch=lambda: None)
    made.lines = lines
    yield made
    made.end()


def wait_for_log(supervisor: Supervisor, name: str) -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if text := (supervisor.logs / f"{name}.log").read_text():
            return text
        time.sleep(0.02)
    raise AssertionError(f"{name} wrote nothing")


def is_gone(pid: int) -> bool:
    return read_start(pid) is None


def test_a_dead_child_starts_again_and_its_last_words_are_shown(supervisor, monkeypatch):
    child = run_python("web", "print('the reason'); raise SystemExit(3)")
    supervisor.start(child)
    child.process.wait()
    supervisor.look_after(child)
    assert supervisor.lines == ["web ended (exit code 3) and starts again in 1 s:\n    the reason"]
    supervisor.look_after(child)
    assert child.process is None
    monkeypatch.setattr(child, "due", 0.0)
    supervisor.look_after(child)
    assert child.process is not None


def test_each_death_in_a_row_waits_longer_up_to_a_limit(supervisor):
    child = run_python("web", "raise SystemExit(1)")
    waits = []
    for _ in range(7):
        supervisor.start(child)
        child.process.wait()
        before = time.monotonic()
        supervisor.look_after(child)
        waits.append(round(child.due - before))
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    supervisor.start(child)
    child.process.wait()
    child.started -= supervising.STEADY_SECONDS + 1
    supervisor.look_after(child)
    assert round(child.due - time.monotonic()) == 1


def test_end_leaves_nothing_even_of_a_child_that_ignores_the_signal(supervisor, monkeypatch):
    monkeypatch.setattr(supervising, "STOP_SECONDS", 0.3)
    deaf, parent = run_python("deaf", IGNORES_TERM), run_python("parent", HAS_A_CHILD)
    for child in (deaf, parent):
        supervisor.start(child)
    grandchild = int(wait_for_log(supervisor, "parent"))
    wait_for_log(supervisor, "deaf")
    supervisor.end()
    assert [child.process.returncode for child in (deaf, parent)] == [-signal.SIGKILL, -signal.SIGTERM]
    assert is_gone(grandchild)
    assert not supervisor.record.exists()


def test_children_end_in_the_reverse_order(supervisor, tmp_path):
    order = tmp_path / "order"
    for name in ("web", "worker", "beat"):
        code = (
            "import signal, sys, time\n"
            f"def end(*_): open({str(order)!r}, 'a').write('{name} '); sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
        )
        supervisor.start(run_python(name, code))
        wait_for_log(supervisor, name)
    supervisor.end()
    assert order.read_text() == "beat worker web "


def test_a_signal_ends_the_watch_and_a_second_one_the_waiting(supervisor):
    deaf = run_python("deaf", IGNORES_TERM)
    supervisor.start(deaf)
    wait_for_log(supervisor, "deaf")
    threading.Timer(0.3, supervisor.note_signal, (signal.SIGINT, None)).start()
    threading.Timer(0.8, supervisor.note_signal, (signal.SIGINT, None)).start()
    began = time.monotonic()
    supervisor.keep_running()
    supervisor.end()
    assert time.monotonic() - began < supervising.STOP_SECONDS / 2
    assert deaf.process.returncode == -signal.SIGKILL


def test_what_a_killed_supervisor_left_is_ended(supervisor):
    child = run_python("worker", HAS_A_CHILD)
    supervisor.start(child)
    grandchild = int(wait_for_log(supervisor, "worker"))
    assert end_left_children(supervisor.record) == 1
    assert child.process.wait(5) == -signal.SIGTERM
    assert is_gone(grandchild)


def test_a_process_that_took_over_the_number_is_spared(tmp_path):
    record = tmp_path / "children.json"
    record.write_text(json.dumps({str(os.getppid()): read_start(os.getppid()) - 100}))
    assert end_left_children(record) == 0
    assert psutil.pid_exists(os.getppid())
