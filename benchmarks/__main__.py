"""Runs the benchmarks: `python -m benchmarks [night …] [--organizations 200]`.

Every module `bench_NAME.py` beside this file has `run(options)`, which yields figures. Each is printed as text, then as
a JSON line.
"""

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path


def main() -> None:
    found = sorted(
        module.name.removeprefix("bench_")
        for module in pkgutil.iter_modules([str(Path(__file__).parent)])
        if module.name.startswith("bench_")
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(found)}; none: all")
    parser.add_argument("--organizations", type=int, default=20, help="how many organizations the night runs over")
    options = parser.parse_args()
    if unknown := set(options.names) - set(found):
        parser.error(f"There is no benchmark {', '.join(sorted(unknown))}.")

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phano.settings")
    from phano import embedded

    try:
        embedded.ensure_running()
    except embedded.EmbeddedError as error:
        sys.exit(str(error))
    import django

    django.setup()
    from phano.prepare import ensure_prepared

    ensure_prepared()
    for name in options.names or found:
        for figure in importlib.import_module(f"benchmarks.bench_{name}").run(options):
            print(figure.text)
            print(figure.json, flush=True)


if __name__ == "__main__":
    main()
