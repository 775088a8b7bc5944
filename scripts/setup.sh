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

# The tests start a PostgreSQL server of their own. Only its programs are wanted: no cluster is made.
if ! command -v initdb >/dev/null 2>&1 && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "Installing PostgreSQL's programs ..."
        if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
            mkdir -p /etc/postgresql-common
            echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
        fi
        { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
            --no-install-recommends -o Dpkg::Options::=--force-confold postgresql; } >/dev/null ||
            echo "PostgreSQL could not be installed: its tests will be skipped." >&2
    else
        echo "PostgreSQL's server is not installed, so its tests will be skipped" \
            "(Debian: apt-get install postgresql)." >&2
    fi
fi

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
