#!/usr/bin/env bash
# Resolve a requirements.in into a lock for Python 3.11 to 3.13 on Linux, macOS and Windows.
# It has the hash of every file and no registry address, so that it installs through any mirror.
#   scripts/lock.sh requirements.in requirements.txt [options of `uv pip compile`]
set -eu

if ! command -v uv >/dev/null 2>&1; then
    echo "Locking needs uv, which is not installed: run pip install uv." >&2
    exit 2
fi
input=$1
output=$2
shift 2
# uv starts from an existing lock: it keeps its versions, unless --upgrade is among the options
# pip wants to see the extras (name[extra]==...) when it checks hashes
exec uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
    --no-header --no-emit-index-url --no-emit-find-links ${1+"$@"} --output-file "$output" "$input"
