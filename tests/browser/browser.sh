#!/usr/bin/env bash
# A browser for the tests of the console: Debian's chromium, driven by playwright-core, looked over by axe-core.
#
#   browser.sh fetch              installs what is missing, once; the modules into USHER_TEST_CACHE (default: ~/.cache/usher-test)
#   browser.sh run CASE ARG...    plays CASE.mjs of this folder; the verdict is the last line that it prints, as JSON
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
digest=$(sha256sum "$here/package-lock.json" | cut -c1-12)
modules=${USHER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usher-test}/browser-$digest

die() { echo "browser.sh: $*" >&2; exit 1; }

node_is_new_enough() { node -e 'process.exit(parseInt(process.versions.node, 10) < 20 ? 1 : 0)' 2>/dev/null; }

need_tools() {
    local missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    node_is_new_enough || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    [[ ${#missing[@]} -eq 0 ]] && return
    [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null ||
        die "missing: ${missing[*]}. Install chromium and Node.js 20 or later with npm, then try again."
    echo "browser.sh: installing ${missing[*]}" >&2
    { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >&2
    node_is_new_enough || die "Node.js 20 or later is needed, this is: $(node --version 2>&1)"
}

fetch() {
    [[ -d $modules ]] && command -v chromium >/dev/null && return
    mkdir -p "$(dirname "$modules")"
    exec 9>"$modules.lock"
    flock 9
    need_tools
    # Another call may have installed them while this one waited.
    if [[ ! -d $modules ]]; then
        rm -rf "$modules.new"
        mkdir "$modules.new"
        cp "$here/package.json" "$here/package-lock.json" "$modules.new"
        (cd "$modules.new" && npm ci --ignore-scripts --no-audit --no-fund) >&2 ||
            { rm -rf "$modules.new"; die "could not install what $here/package-lock.json names"; }
        mv "$modules.new" "$modules"
    fi
    exec 9>&-
}

case "${1:-}" in
    fetch) fetch ;;
    run)
        [[ $# -ge 2 ]] || die "usage: browser.sh run CASE ARG..."
        fetch
        case=$2
        shift 2
        USHER_BROWSER_MODULES=$modules exec node "$here/$case.mjs" "$@"
        ;;
    *) die "usage: browser.sh fetch | run CASE ARG..." ;;
esac
