#!/usr/bin/env bash
# Make .venv with everything that the demo, the tests and the linters use; quick when nothing changed.
# uv does it: the one on PATH, else one that is put into build/uv. PYTHON chooses the interpreter.
set -eu -o pipefail

cd "$(dirname "$0")/.."
export PATH="$PWD/build/uv/bin:$PATH"

fail() {
    echo "$1" >&2
    exit 2
}

wanted="$(cksum < requirements/dev.txt) ${PYTHON:-} $PWD"
stamp=.venv/.made-from
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && .venv/bin/python -V >/dev/null 2>&1; then
    exit 0
fi

if ! command -v uv >/dev/null 2>&1; then
    echo "Installing uv into build/uv ..."
    python3 -m venv build/uv ||
        fail "uv is not installed, and python3 cannot make environments (Debian: python3-venv): install one."
    build/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
        -r requirements/uv.txt || fail "uv could not be installed: see the message above."
fi

echo "Making .venv from requirements/dev.txt ..."
rm -rf .venv
# no download of an interpreter: it would come from outside the package registries
uv venv --quiet --no-project --no-python-downloads --python "${PYTHON:->=3.11,<3.14}" .venv ||
    fail "No Python 3.11, 3.12 or 3.13 was found: install one, or name it with PYTHON=/path/to/python."
# without the line for each package that uv ends with
uv pip sync --python .venv/bin/python --require-hashes requirements/dev.txt 2>&1 |
    sed '/^ [-+~] /d' || fail "The packages could not be installed: see the message above."
echo "$wanted" > "$stamp"
