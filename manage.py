#!/usr/bin/env python
"""The one door for Phano's commands; see README for the list."""

import os
import sys

# These read code alone: they neither need the embedded servers nor start them.
WITHOUT_SERVERS = {"check", "compilemessages", "help", "makemessages", "version", "--help", "--version"}
PREPARES_ITSELF = {"migrate", "provision"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phano.settings")
    from django.core.management import execute_from_command_line

    from phano import embedded

    if len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_SERVERS and "--help" not in sys.argv:
        try:
            # Where no server is named, the embedded ones answer; the last process that needs them stops them.
            embedded.ensure_running()
            if sys.argv[1] not in PREPARES_ITSELF and embedded.missing_servers():
                from phano.prepare import ensure_prepared

                ensure_prepared()
        except embedded.EmbeddedError as error:
            sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
