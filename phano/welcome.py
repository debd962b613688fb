"""The screen of text at the end of `make run`."""

import shutil


def describe_running_site(port: int) -> str:
    """Address, sample sign-ins, how to stop and how to start afresh."""
    line = "─" * min(72, shutil.get_terminal_size().columns)
    parts = [line, f"  Phano   http://localhost:{port}", ""]
    if sign_ins := list_sample_sign_ins():
        role_width = max(len(role) for role, _email, _password in sign_ins)
        email_width = max(len(email) for _role, email, _password in sign_ins)
        parts.append("  Sign in to the sample portfolio as")
        parts += [
            f"    {role:<{role_width}}   {email:<{email_width}}   {password}" for role, email, password in sign_ins
        ]
        parts.append("")
    parts += [
        "  Stop          Ctrl-C here, or `make stop`",
        "  Start afresh  `make fresh` removes the data, then `make run`",
        "  Logs, mail    .phano/logs, .phano/mail",
        line,
    ]
    return "\n".join(parts)


def list_sample_sign_ins() -> list[tuple[str, str, str]]:
    """Role, e-mail and password of the sample's members."""
    try:
        from portfolio.sample import SIGN_INS
    except ImportError:
        return []
    return list(SIGN_INS)
