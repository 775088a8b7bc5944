#!/usr/bin/env bash
# Make the environment <folder>/.venv from <folder>/requirements.txt, unless it is there already.
# Its Python is that of the project's .venv.   scripts/environment.sh orchestration/airflow
set -eu -o pipefail

folder=$1
wanted=$(cksum < "$folder/requirements.txt")
stamp=$folder/.venv/.made-from
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi
echo "Making $folder/.venv ..."
rm -rf "$folder/.venv"
if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --no-project --python .venv/bin/python "$folder/.venv"
    uv pip sync --quiet --python "$folder/.venv/bin/python" --require-hashes "$folder/requirements.txt"
else
    .venv/bin/python -m venv "$folder/.venv"
    "$folder/.venv/bin/python" -m pip install --disable-pip-version-check --quiet --require-hashes \
        --no-deps -r "$folder/requirements.txt"
fi
echo "$wanted" > "$stamp"
