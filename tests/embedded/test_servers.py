"""The embedded servers start anywhere, keep strangers out, outlive every kill, and end with their last user."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from phano import embedded
from phano.embedded import postgres, valkey
from phano.embedded.place import PROJECT, EmbeddedError, Place, server_user

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to run the servers as")


def ask_database(place: Place, statement: str) -> object:
    with psycopg.connect(embedded.urls(place)["DATABASE_ADMIN_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchone()[0] if cursor.description else None


def open_broker(place: Place) -> redis.Redis:
    return redis.from_url(embedded.urls(place)["REDIS_URL"], single_connection_client=True)


def kill_server(process: psutil.Process) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def test_servers_start_answer_and_stop(place):
    assert embedded.ensure_running(place) is True
    assert embedded.ensure_running(place) is False
    assert ask_database(place, "SELECT 1") == 1
    assert ask_database(place, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    with open_broker(place) as broker:
        assert broker.ping()
    embedded.release(place)
    assert (postgres.is_running(place), valkey.is_running(place)) == (False, False)
    assert postgres.find_postmaster(place) is None


def test_servers_listen_on_private_sockets_alone(place):
    embedded.ensure_running(place)
    postmaster = postgres.find_postmaster(place)
    with open_broker(place) as broker:
        server = psutil.Process(broker.info("server")["process_id"])
    for process in (postmaster, server):
        assert process.net_connections("inet") == []
        assert process.uids().effective != 0
    modes = {
        folder.name: stat.S_IMODE(folder.stat().st_mode) for folder in (place.sockets, place.postgres, place.valkey)
    }
    assert modes == {"run": 0o700, "postgres": 0o700, "valkey": 0o700}
    assert "requirepass" not in " ".join(server.cmdline())


def test_servers_refuse_a_wrong_password(place):
    embedded.ensure_running(place)
    right = embedded.urls(place)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(right["DATABASE_ADMIN_URL"].replace(place.secret("postgres"), "wrong"))
    with pytest.raises(redis.AuthenticationError):
        redis.from_url(right["REDIS_URL"].replace(place.secret("valkey"), "wrong")).ping()


def test_killed_servers_come_back_with_their_data(place):
    embedded.ensure_running(place)
    ask_database(place, "CREATE TABLE kept AS SELECT 42 AS answer")
    with open_broker(place) as broker:
        broker.rpush("queue", "task")
        pid = broker.info("server")["process_id"]
    kill_server(psutil.Process(pid))
    kill_server(postgres.find_postmaster(place))
    assert not postgres.is_running(place)
    assert embedded.ensure_running(place) is True
    assert ask_database(place, "SELECT answer FROM kept") == 42
    with open_broker(place) as broker:
        assert broker.lrange("queue", 0, -1) == [b"task"]


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(place):
    """After a container starts anew, the number of the old server is often some other process's."""
    embedded.ensure_running(place)
    kill_server(postgres.find_postmaster(place))
    stranger = subprocess.Popen(["sleep", "60"], **place.process_options())
    try:
        for pid_file in (place.postgres / "postmaster.pid", postgres.socket_lock(place)):
            lines = pid_file.read_text().splitlines()
            pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert postgres.find_postmaster(place) is None
        assert embedded.ensure_running(place) is True
        assert ask_database(place, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_made_cluster_is_made_again(place):
    place.prepare()
    (place.data / "postgres.new").mkdir()
    (place.data / "postgres.new" / "PG_VERSION").write_text("18\n")
    embedded.ensure_running(place)
    assert ask_database(place, "SELECT 1") == 1
    assert not (place.data / "postgres.new").exists()


def test_data_of_another_version_is_named_and_left_alone(place):
    embedded.ensure_running(place)
    embedded.release(place)
    (place.postgres / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match=r"was made by PostgreSQL 17 and this is 18.*make fresh"):
        embedded.ensure_running(place)
    assert (place.postgres / "base").is_dir()


def test_a_long_path_gets_a_short_socket_folder(open_folder):
    folder = open_folder / ("long-" * 12) / ("path-" * 12)
    folder.mkdir(parents=True)
    place = Place(folder / "data")
    assert str(place.sockets.parent.parent) == "/tmp"  # noqa: S108  # the one folder that every process agrees on
    try:
        embedded.ensure_running(place)
        assert ask_database(place, "SELECT 1") == 1
        with open_broker(place) as broker:
            assert broker.ping()
    finally:
        embedded.release(place)
        place.sockets.rmdir()
        place.sockets.parent.rmdir()


def test_a_socket_folder_that_others_may_write_is_refused(open_folder):
    folder = open_folder / ("long-" * 12) / ("path-" * 12)
    folder.mkdir(parents=True)
    place = Place(folder / "data")
    place.sockets.parent.mkdir()
    place.sockets.parent.chmod(0o777)
    try:
        with pytest.raises(EmbeddedError, match="is not a private folder of this user"):
            embedded.ensure_running(place)
    finally:
        embedded.release(place)
        place.sockets.parent.rmdir()


@as_root
def test_a_closed_folder_is_named_and_its_mode_is_kept(open_folder):
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    place = Place(closed / "data")
    try:
        with pytest.raises(EmbeddedError, match=f"may not pass {closed}: type `chmod o\\+x {closed}`"):
            embedded.ensure_running(place)
    finally:
        embedded.release(place)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_the_owner_of_the_data_runs_the_servers(place):
    place.prepare()
    os.chown(place.data, 65534, 65534)
    assert server_user(place).uid == 65534


def test_the_last_user_stops_the_servers(place, bare_environment):
    hold = "from phano import embedded; print(embedded.ensure_running(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bare_environment, cwd=PROJECT
    ) as other:
        assert other.stdout.readline() == b"True\n"
        assert embedded.ensure_running(place) is False
        other.communicate(b"\n")
    assert postgres.is_running(place)
    assert valkey.is_running(place)
    embedded.release(place)
    assert not postgres.is_running(place)


def test_two_commands_at_once_start_the_servers_once(place, bare_environment):
    command = "from phano import embedded; print(embedded.ensure_running()); input()"
    both = [
        subprocess.Popen(
            [sys.executable, "-uc", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=bare_environment,
            cwd=PROJECT,
            text=True,
        )
        for _ in range(2)
    ]
    assert sorted(process.stdout.readline() for process in both) == ["False\n", "True\n"]
    for process in both:
        process.communicate("\n")
    assert not postgres.is_running(place)


def test_what_a_killed_test_run_left_is_removed(open_folder, bare_environment, monkeypatch):
    command = "from phano import embedded; c = embedded.test_servers(); print(c.__enter__()['PHANO_DATA']); input()"
    with subprocess.Popen(
        [sys.executable, "-uc", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=bare_environment,
        cwd=PROJECT,
        text=True,
    ) as run:
        left = Place(Path(run.stdout.readline().strip()), durable=False)
        run.kill()
    postmaster = postgres.find_postmaster(left)
    assert postmaster is not None
    monkeypatch.setenv("PHANO_DATA", bare_environment["PHANO_DATA"])
    with embedded.test_servers() as servers:
        assert servers["PHANO_DATA"] != str(left.data)
        with psycopg.connect(servers["DATABASE_ADMIN_URL"]) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
        assert not left.data.exists()
        deadline = time.monotonic() + 5
        while postmaster.is_running() and postmaster.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE
    assert not Path(servers["PHANO_DATA"]).exists()


@pytest.mark.parametrize(
    ("named", "missing"),
    [
        ({}, ["broker", "database"]),
        ({"DATABASE_URL": "postgresql:///x"}, ["broker"]),
        ({"REDIS_URL": "redis://x"}, ["database"]),
        ({"DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis://x"}, []),
        ({"PHANO_LINT": "1"}, []),
    ],
)
def test_only_servers_that_nobody_named_are_embedded(monkeypatch, named, missing):
    for variable in ("DATABASE_URL", "REDIS_URL", "PHANO_LINT"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in named.items():
        monkeypatch.setenv(variable, value)
    assert embedded.missing_servers() == missing
