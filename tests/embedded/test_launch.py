"""`make run` from an empty data folder to an answering page, and out again; each trouble in one sentence."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from phano import launch
from phano.embedded.place import PROJECT
from phano.welcome import describe_running_site, sample_mark
from portfolio.sample import SIGN_INS


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def launch_command(act: str, environment: dict[str, str], **options: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "phano.launch", act]
    return subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


def list_processes_of(folder: Path) -> list[psutil.Process]:
    """Every process with this data folder in its environment or its command."""
    found = []
    for process in psutil.process_iter():
        try:
            traces = [*process.cmdline(), process.environ().get("PHANO_DATA", ""), process.cwd()]
        except psutil.Error:
            continue
        if any(str(folder) in trace for trace in traces) and process.pid != os.getpid():
            found.append(process)
    return found


def test_a_taken_port_is_named_with_what_to_type(taken_port):
    with pytest.raises(launch.Refusal) as refusal:
        launch.refuse_taken_port(taken_port)
    sentence = str(refusal.value)
    assert sentence.startswith(f"Port {taken_port} is taken by ")
    assert f"(process {os.getpid()})" in sentence
    suggested = int(sentence.split("PORT=")[1].split()[0])
    assert suggested != taken_port
    assert launch.is_port_free(suggested)


def test_a_taken_port_ends_the_run_before_anything_starts(taken_port, bare_environment, open_folder):
    run = launch_command("run", bare_environment | {"PORT": str(taken_port)})
    output, _ = run.communicate(timeout=30)
    assert run.returncode == 1
    assert output.strip().splitlines() == [output.strip()]
    assert "make run" in output
    assert not (open_folder / "data" / "postgres").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as two users")
def test_a_data_folder_of_another_user_is_named(bare_environment, open_folder):
    data = open_folder / "data"
    data.mkdir(mode=0o755)
    # The second user needs an interpreter that he may read; ours may stand in a closed home, so the act runs here.
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        os.environ["PHANO_DATA"] = str(data)
        try:
            launch.run()
        except launch.embedded.EmbeddedError as error:
            os._exit(0 if "belongs to the user root: start Phano as that user" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("text", ["", "abc", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_none_is_refused(text):
    with pytest.raises(launch.Refusal, match="PORT=8001 make run"):
        launch.read_port(text)


def test_from_nothing_to_a_page_and_back(bare_environment, open_folder):
    """The whole way but the sample, which has its own tests: its mark says it was loaded."""
    data, port = open_folder / "data", find_free_port()
    data.mkdir(mode=0o700)
    (data / "sample-loaded").touch()
    environment = bare_environment | {"PORT": str(port)}
    run = launch_command("run", environment)
    try:
        output = read_until(run, "make fresh")
        assert f"http://localhost:{port}" in output
        for name in ("localhost", "127.0.0.1"):
            page = http.client.HTTPConnection(name, port, timeout=20)
            page.request("GET", "/accounts/login/")
            assert page.getresponse().status == 200
            page.close()

        again = launch_command("run", environment)
        refused, _ = again.communicate(timeout=30)
        assert again.returncode == 1
        assert (
            refused == f"Phano already runs here on http://localhost:{port}: press Ctrl-C there, or type `make stop`.\n"
        )

        kill_child(data, "granian")
        assert "web ended (signal SIGKILL) and starts again in 1 s" in read_until(run, "web ended")
        wait_until_answering(port)
    finally:
        run.send_signal(signal.SIGTERM)
        rest, _ = run.communicate(timeout=60)
    assert run.returncode == 0, rest
    assert list_processes_of(data) == []


def test_stop_ends_a_run_from_another_terminal_and_fresh_removes_its_data(bare_environment, open_folder):
    data, port = open_folder / "data", find_free_port()
    data.mkdir(mode=0o700)
    (data / "sample-loaded").touch()
    environment = bare_environment | {"PORT": str(port)}
    run = launch_command("run", environment)
    try:
        read_until(run, "make fresh")
        # A killed supervisor leaves its children behind: the next command has to find them.
        run.kill()
        run.communicate(timeout=30)
        assert list_processes_of(data) != []
        stop = launch_command("stop", environment)
        assert stop.communicate(timeout=60)[0] == "· Phano is stopped; its data is kept.\n"
    finally:
        if run.poll() is None:
            run.terminate()
            run.communicate(timeout=60)
    assert list_processes_of(data) == []
    refused = launch_command("fresh", environment, stdin=subprocess.DEVNULL)
    assert "FRESH=yes make fresh" in refused.communicate(timeout=30)[0]
    assert data.exists()
    fresh = launch_command("fresh", environment | {"FRESH": "yes"}, stdin=subprocess.DEVNULL)
    fresh.communicate(timeout=30)
    assert not data.exists()


def test_fresh_removes_only_a_data_folder_of_ours(bare_environment, open_folder):
    (open_folder / "data").mkdir()
    (open_folder / "data" / "thesis.txt").write_text("years of work")
    fresh = launch_command("fresh", bare_environment | {"FRESH": "yes"}, stdin=subprocess.DEVNULL)
    assert "is not a data folder of Phano" in fresh.communicate(timeout=30)[0]
    assert (open_folder / "data" / "thesis.txt").exists()


def test_the_last_screen_fits_a_terminal_and_says_what_is_needed(monkeypatch, open_folder):
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("PHANO_DATA", str(open_folder))
    assert "Sign in" not in describe_running_site(8123)
    sample_mark().touch()
    text = describe_running_site(8123)
    assert len(text.splitlines()) <= 24
    assert max(len(line) for line in text.splitlines()) <= 80
    sign_ins = [f"    {email}" for _role, email, _password in SIGN_INS]
    for needed in ("http://localhost:8123", "Ctrl-C", "make stop", "make fresh", *sign_ins):
        assert needed in text


def test_no_sample_sign_in_is_shown_beside_a_database_of_ones_own(monkeypatch, open_folder):
    monkeypatch.setenv("PHANO_DATA", str(open_folder))
    sample_mark().touch()
    monkeypatch.setenv("DATABASE_URL", "postgresql:///theirs")
    assert "Sign in" not in describe_running_site(8123)


def read_until(run: subprocess.Popen, text: str) -> str:
    """The output of `run` up to the line that holds `text`; fails with all of it where the line does not come."""
    lines = []
    for line in run.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def kill_child(data: Path, name: str) -> None:
    for process in list_processes_of(data):
        if name in process.cmdline():
            process.kill()
            return
    raise AssertionError(f"no process {name}")


def wait_until_answering(port: int) -> None:
    deadline = time.monotonic() + 30
    while not launch.is_answering(port):
        assert time.monotonic() < deadline
        time.sleep(0.1)
