"""The screen of text at the end of `make run`."""

import shutil
from pathlib import Path

from phano.embedded import data_folder, missing_servers
from phano.embedded.place import PROJECT


def describe_running_site(port: int) -> str:
    """Address, sample sign-ins, how to stop and how to start afresh; at most 80 columns and 24 lines."""
    line = "─" * min(80, shutil.get_terminal_size().columns)
    parts = [line, f"  Phano   http://localhost:{port}", "", *describe_sample_sign_ins()]
    parts += [
        "  Stop          Ctrl-C here, or `make stop`",
        "  Start afresh  `make fresh` removes the data, then `make run`",
        f"  Logs, mail    {show_path('logs')}, {show_path('mail')}",
        line,
    ]
    return "\n".join(parts)


def show_path(name: str) -> Path:
    """A folder of the data folder, as one would type it from the checkout."""
    path = data_folder() / name
    return path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path


def sample_mark() -> Path:
    """The file that says the sample was loaded. It is kept beside the database, so that a sample which its user has
    removed stays removed."""
    return data_folder() / "sample-loaded"


def describe_sample_sign_ins() -> list[str]:
    """A line for each member of the sample, by the password that they share; none where no sample was loaded, which is
    also so beside a database of the user's own."""
    from portfolio.sample import SIGN_INS

    if "database" not in missing_servers() or not sample_mark().exists():
        return []
    lines = []
    width = max(len(email) for _role, email, _password in SIGN_INS)
    for shared in dict.fromkeys(password for _role, _email, password in SIGN_INS):
        lines.append(f"  Sign in to the sample portfolio with the password {shared} as")
        lines += [f"    {email:<{width}}  {role}" for role, email, password in SIGN_INS if password == shared]
        lines.append("")
    return lines
