#!/usr/bin/env bash
# Make the environment .venv from requirements.txt, and .env from .env.example when there is none.
# Run it again at any time: it does nothing when nothing changed. `make install` calls it.
# uv is used when present, else venv and pip; PYTHON=/path/to/python chooses the interpreter.
set -eu -o pipefail

cd "$(dirname "$0")"

fail() {
    echo "$1" >&2
    exit 2
}

# Does this interpreter run, and is it one that every package supports?
suitable() {
    # -S: without the hook that loads .env, which may stop Python
    "$1" -I -S -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

# The first suitable interpreter on PATH; nothing when there is none.
find_python() {
    for candidate in python3.13 python3.12 python3.11 python3 python; do
        if command -v "$candidate" >/dev/null 2>&1 && suitable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

venv_python() {
    # Windows keeps the programs of an environment in Scripts
    if [ -x .venv/Scripts/python.exe ]; then
        echo .venv/Scripts/python.exe
    else
        echo .venv/bin/python
    fi
}

make_venv() {
    rm -rf .venv
    if [ -n "${PYTHON:-}" ]; then
        suitable "$PYTHON" ||
            fail "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13 that runs: name another, or unset it."
        chosen=$PYTHON
    elif command -v uv >/dev/null 2>&1; then
        # uv also finds interpreters that are not on PATH; it must not download one, because that
        # would come from outside the package registries
        chosen=$(uv python find --no-project --no-python-downloads --system '>=3.11,<3.14' \
            2>/dev/null || true)
        suitable "$chosen" || chosen=$(find_python)
    else
        chosen=$(find_python)
    fi
    [ -n "$chosen" ] ||
        fail "No Python 3.11, 3.12 or 3.13 was found: install one, or name it: PYTHON=/path/to/python."
    echo "Making .venv with $("$chosen" -V) ..."
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --no-project --python "$chosen" .venv
    else
        "$chosen" -m venv .venv ||
            fail "$chosen cannot make environments: install its venv (Debian: python3-venv), or uv."
    fi
}

install_packages() {
    echo "Installing the packages of requirements.txt ..."
    if command -v uv >/dev/null 2>&1; then
        # without the line for each package that uv ends with
        uv pip sync --python "$python" --require-hashes requirements.txt 2>&1 | sed '/^ [-+~] /d'
    else
        # an environment that uv made has no pip
        "$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null
        echo "(with pip, which takes a minute or two; uv does it in seconds)"
        # the lock is complete, so there are no dependencies to look for
        "$python" -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps \
            -r requirements.txt
    fi
}

# What .venv was made from: the lock, and where it stands, because an environment cannot be moved.
wanted="$(cksum < requirements.txt) $PWD"
stamp=.venv/.made-from
python=$(venv_python)

made_in=$([ -f "$stamp" ] && cut -d ' ' -f 3- "$stamp" || true)
if ! suitable "$python" || [ "${made_in:-$PWD}" != "$PWD" ]; then
    make_venv
    python=$(venv_python)
fi

# Lines of .env that are refused stop here, with a sentence.
"$python" -I -c '' || exit 2

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    echo "The environment .venv is up to date."
else
    rm -f "$stamp"
    install_packages ||
        fail "The packages could not be installed: see the message above, then run make install again."
    echo "$wanted" > "$stamp"
fi

# The hook that loads .env in every Python process of this environment; copied each time, so that
# a newer one arrives with an update.
site=$("$python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp scripts/project_env.py "$site/project_env.py"
echo 'import project_env' > "$site/project_env.pth"

if [ ! -e .env ] && [ -f .env.example ]; then
    cp .env.example .env
    chmod 600 .env
    echo "Made .env from .env.example: put your settings there."
fi
"$python" -I -c '' || exit 2
