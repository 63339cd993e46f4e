# What the commands beside this file share: where things are, how to speak, what the machine can do.
# Sourced, never run.
# shellcheck shell=bash

# A plain user's PATH on Debian leaves out where ip, tc, modprobe and depmod are.
PATH=$PATH:/usr/sbin:/sbin

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
# Everything that is downloaded or made once for this machine, outside the checkout.
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/canhttpd

# Messages go to stderr: stdout belongs to what a command runs.
say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$@"
    exit 1
}

# The Python environment with what requirements.txt names in a folder of the checkout, Tests where none is given;
# deploy/install makes it: test that of Tests, peers that of Tests/Benchmarks.
venv() {
    printf '%s/venv-%s\n' "$cache" "$(sha256sum <"$root/${1:-Tests}/requirements.txt" | head -c 12)"
}

# Prints the header comment of the script that was started, as its help.
usage() {
    sed -n '2,/^[^#]/ s/^# \{0,1\}//p' "$0"
}

# Runs a command as root, where that needs no password; fails otherwise.
as_root_if_permitted() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        command -v sudo >/dev/null && sudo -n "$@" 2>/dev/null
    fi
}

# Whether the running kernel has AF_CAN (29); the modules are loaded first where that is permitted.
has_can() {
    perl -e 'socket(S, 29, 3, 1) or exit 1' && return
    as_root_if_permitted modprobe -q -a can can_raw can_bcm vcan 2>/dev/null || return 1
    perl -e 'socket(S, 29, 3, 1) or exit 1'
}

# Waits for the lock of that name, which ends with unlock or with the process.
lock() {
    mkdir -p "$cache"
    exec {lock_descriptor}>"$cache/$1.lock"
    flock "$lock_descriptor"
}

unlock() {
    exec {lock_descriptor}>&-
}
