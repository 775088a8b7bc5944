#!/usr/bin/env bash
# Run a command without network, without this shell's variables, and with no way to become root:
# for code that nobody has reviewed yet.   scripts/offline.sh COMMAND [ARGUMENT ...]
# It needs Linux, and the right to make namespaces: root's, or sudo without a password.
set -eu

cut_off() {
    if [ "$(id -u)" = 0 ]; then
        unshare --net --pid --fork --mount-proc "$@"
    else
        sudo --non-interactive unshare --net --pid --fork --mount-proc "$@"
    fi
}

if ! cut_off true; then
    echo "The network can't be cut off here, so nothing was run. Use a runner where sudo or root may" >&2
    echo "call unshare, or run make update on your own machine." >&2
    exit 3
fi
# its own process ids, so that it sees no other program's memory or variables
cut_off setpriv --reuid "$(id -u)" --regid "$(id -g)" --clear-groups \
    --inh-caps=-all --bounding-set=-all --no-new-privs \
    env --ignore-environment PATH="$PATH" HOME="$HOME" LANG=C.UTF-8 "$@"
