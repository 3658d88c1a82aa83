#!/usr/bin/env bash
# schemathesis, which holds the admin API against its OpenAPI document, for tests.
#
#   schemathesis.sh fetch          installs it, once, into USHER_TEST_CACHE (default: ~/.cache/usher-test)
#   schemathesis.sh run ARG...     runs it
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
requirements=$here/requirements.txt
digest=$(sha256sum "$requirements" | cut -c1-12)
venv=${USHER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usher-test}/schemathesis-$digest

die() { echo "schemathesis.sh: $*" >&2; exit 1; }

# Debian has venv without pip in its own python3: both are asked for.
can_make_venv() { python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

need_python() {
    can_make_venv && return
    [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null ||
        die "Python 3.11 or later with venv is missing (python3-venv); install it, then try again."
    echo "schemathesis.sh: installing python3-venv" >&2
    { apt-get update -q && apt-get install -y -q --no-install-recommends python3 python3-venv; } >&2
    can_make_venv || die "Python 3.11 or later with venv is needed, this is: $(python3 --version 2>&1)"
}

fetch() {
    [[ -d $venv ]] && return
    mkdir -p "$(dirname "$venv")"
    exec 9>"$venv.lock"
    flock 9
    # Another call may have made it while this one waited.
    if [[ ! -d $venv ]]; then
        need_python
        rm -rf "$venv.new"
        python3 -m venv "$venv.new" >&2
        "$venv.new/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$requirements" >&2 ||
            { rm -rf "$venv.new"; die "could not install what $requirements names"; }
        mv "$venv.new" "$venv"
    fi
    exec 9>&-
}

case "${1:-}" in
    fetch) fetch ;;
    # As a module: the scripts of a venv hold the path at which it was made.
    run) shift; fetch; exec "$venv/bin/python" -m schemathesis.cli --config-file "$here/schemathesis.toml" run "$@" ;;
    *) die "usage: schemathesis.sh fetch | run ARG..." ;;
esac
