#!/usr/bin/env bash
# Print the command that writes handover/, a folder for the client to keep: `make handover`.
# Its tool is part of the template. The command takes it in the version that this project has.
set -eu

cd "$(dirname "$0")/.."

answer() {
    sed -n "s/^$1: *//p" .copier-answers.yml | tr -d "'\""
}

address=$(answer _src_path)
version=$(answer _commit)
if [ -z "$address" ] || [ -z "$version" ]; then
    echo "The hand-over needs the template's address and version, and .copier-answers.yml lacks" \
        "_src_path or _commit. Copy the project from a template that is in git." >&2
    exit 1
fi

# addresses that Copier takes and uv doesn't
if [ -d "$address" ]; then
    address=file://$(cd "$address" && pwd)
fi
case $address in
    gh:*) address=https://github.com/${address#gh:} ;;
    gl:*) address=https://gitlab.com/${address#gl:} ;;
    git+*) address=${address#git+} ;;
    *://*) ;;
    *@*:*) address=ssh://${address%%:*}/${address#*:} ;;
esac
# after v1.2.0 Copier writes v1.2.0-3-g1a2b3c4: the last part is the commit
case $version in
    *-[0-9]*-g[0-9a-f]*) version=${version##*-g} ;;
esac

echo "The tool that writes handover/ is part of the template, and runs outside this project. Run:"
echo
printf '  uvx --from %q customer-360 handover .\n' "git+$address@$version"
echo
echo "uvx comes with uv. The tool runs the answers and the documentation first, on the target that" \
    "DBT_TARGET names."
