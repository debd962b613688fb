#!/bin/sh
# Prints the path of a Python that Phano can start from: 3.12 or newer, with TLS. PYTHON names one that stands elsewhere.
# A name on the PATH may be a version manager's shim for a version that is not installed: only running it tells.
check='import ssl, sys; print(sys.executable) if sys.version_info >= (3, 12) else sys.exit(1)'
pyenv="$HOME/.pyenv/versions"
for candidate in "${PYTHON:-python3}" python3 python3.13 python3.14 python3.12 python \
    /usr/bin/python3 /usr/local/bin/python3 /opt/homebrew/bin/python3 \
    "$pyenv"/3.13*/bin/python3 "$pyenv"/3.14*/bin/python3 "$pyenv"/3.12*/bin/python3; do
    "$candidate" -c "$check" 2>/dev/null && exit 0
done
found=$(uv python find '>=3.12' 2>/dev/null) && "$found" -c "$check" 2>/dev/null && exit 0
echo "Phano needs Python 3.12 or newer and found none: install one, or name it with PYTHON=/path/to/python3 make run." >&2
exit 1
