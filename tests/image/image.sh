#!/usr/bin/env bash
# The image, built from the Dockerfile with buildah and run for real with podman and runc.
#
#   image.sh pack BINARY      with a program that is built already, in seconds: the Dockerfile's last stage
#   image.sh build            the whole Dockerfile; compiles for long. Then the size is held, too
#
# Then the story is played in it, and it runs as the pod that the chart renders, on a real Kafka, without any other network.
#
# Both need root. What is missing is installed with apt-get. Images and containers are kept in a folder that is removed
# afterwards; USHER_IMAGE_STORE=FOLDER keeps them there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
tag=localhost/usher:test
# At most, in bytes: on the disk, and as a registry keeps it.
most_on_disk=$((40 * 1000 * 1000))
most_packed=$((16 * 1000 * 1000))

export PATH=$PATH:/usr/sbin:/sbin
# Packages of Debian that are called otherwise than what they are needed for.
declare -A package=([ip]=iproute2 [java]=default-jre-headless)

die() { echo "image.sh: $*" >&2; exit 1; }
say() { echo "image.sh: $*" >&2; }

need() {
    local missing=() tool
    for tool in buildah podman runc "$@"; do
        command -v "$tool" >/dev/null || missing+=("${package[$tool]:-$tool}")
    done
    [[ $(id -u) -eq 0 ]] || die "this needs root: containers are run for real"
    [[ ${#missing[@]} -eq 0 ]] && return
    command -v apt-get >/dev/null || die "missing: ${missing[*]}. Install them, then try again."
    say "installing ${missing[*]}"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } >&2 ||
        die "could not install ${missing[*]} with apt-get"
}

store=${USHER_IMAGE_STORE:-$(mktemp -d /var/tmp/usher-image.XXXXXX)}
mkdir -p "$store"
work=$(mktemp -d "$store/work.XXXXXX")
netns=
cleanup() {
    podman_ rm --all --force --time 5 >/dev/null 2>&1 || true
    if [[ -n $netns ]]; then
        "$top/tests/kafka/kafka.sh" kill "$work/kafka" || true
        ip netns delete "$netns" || true
    fi
    rm -rf "$work"
    if [[ -z ${USHER_IMAGE_STORE:-} ]]; then
        podman_ rmi --all --force >/dev/null 2>&1 || true
        rm -rf --one-file-system "$store" 2>/dev/null || true
    fi
}
trap cleanup EXIT

# Plain copies instead of mounts: they work inside a container and on every file system.
buildah_() { buildah --root "$store/images" --runroot "$store/run" --storage-driver vfs "$@"; }
buildah_pull() { buildah_ pull --quiet "$1" >/dev/null 2>&1; }
# runc rather than crun, and cgroups by hand: that works without systemd, too.
podman_() {
    podman --log-level error --root "$store/images" --runroot "$store/run" --storage-driver vfs \
        --cgroup-manager cgroupfs --runtime runc --events-backend file "$@"
}

# Limits that a container may have inside another one.
limits=(--ulimit nofile=1024:20000 --ulimit nproc=1000:1000)
# As a pod that Kubernetes admits to a restricted namespace.
restricted=(--rm --network none --memory 512m --read-only --user 65532:65532 --cap-drop ALL
    --security-opt no-new-privileges "${limits[@]}")

build_from() {
    local commit
    commit=$(git -C "$top" rev-parse HEAD 2>/dev/null || echo unknown)
    buildah_ build --isolation chroot --pull=never --file "$top/Dockerfile" --tag "$tag" \
        --build-arg USHER_COMMIT="$commit" --build-arg CREATED="$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$@" "$top" >"$work/build.log" 2>&1 ||
        { tail -40 "$work/build.log" >&2; die "the image could not be built"; }
}

pack() {
    local binary=$1
    need
    [[ -x $binary ]] || die "there is no program $binary; build it first, or say \`image.sh build\`"
    # Debug information is not what an image holds.
    cp "$binary" "$work/usher"
    if command -v strip >/dev/null; then strip "$work/usher"; fi
    mkdir "$work/build"
    "$top/deploy/image/rootfs.sh" "$work/usher" "$work/build/rootfs"
    build_from --build-context build="$work/build"
}

# The base image: from its registry, else Debian with the toolchain of this machine under the same name.
make_base() {
    local base=$1 root=$work/base toolchain container
    if podman_ image exists "$base" || buildah_pull "$base"; then return; fi
    say "$base can't be pulled; making one of its name from Debian and the toolchain of this machine"
    need mmdebstrap
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,g++,gcc,libc6-dev,make,perl bookworm "$root" >&2 ||
        die "mmdebstrap could not make a Debian"
    # A machine that reaches registries through a proxy has that one's authority among its own.
    cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ssl/certs/ca-certificates.crt"
    toolchain=$(rustc --print sysroot) || die "there is no Rust on this machine"
    mkdir -p "$root/usr/local/rust"
    cp -a "$toolchain/bin" "$toolchain/lib" "$root/usr/local/rust/"
    container=$(buildah_ from scratch)
    buildah_ add --quiet "$container" "$root" / >/dev/null
    rm -rf "$root"
    buildah_ config --env PATH=/usr/local/rust/bin:/usr/local/cargo/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        --env CARGO_HOME=/usr/local/cargo "$container"
    buildah_ commit --quiet --rm "$container" "$base" >/dev/null
}

build() {
    need
    make_base "$(sed -n 's/^FROM \(.*\) AS build$/\1/p' "$top/Dockerfile")"
    build_from
    hold_size
}

hold_size() {
    local on_disk packed gzip
    on_disk=$(podman_ image inspect --format '{{.Size}}' "$tag")
    buildah_ push --quiet "$tag" "oci-archive:$work/gzip.tar" >/dev/null
    gzip=$(stat -c %s "$work/gzip.tar")
    # As docs/operations.md says to push it.
    buildah_ push --quiet --compression-format zstd --compression-level 19 "$tag" "oci-archive:$work/zstd.tar" >/dev/null
    packed=$(stat -c %s "$work/zstd.tar")
    echo "image: $on_disk bytes on the disk, $packed packed with zstd, $gzip with gzip"
    ((on_disk <= most_on_disk)) || die "the image takes $on_disk bytes on the disk; $most_on_disk is the most"
    ((packed <= most_packed)) || die "the image takes $packed bytes packed; $most_packed is the most"
}

# What the image says of itself, what is in it, and that it works.
check() {
    local version label said mount
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -1)
    label=$(podman_ image inspect --format '{{index .Labels "org.opencontainers.image.version"}} {{.User}}' "$tag")
    [[ $label == "$version 65532:65532" ]] || die "the image calls itself $label, and not $version 65532:65532"
    said=$(podman_ run "${restricted[@]}" "$tag" version)
    [[ $said == "usher $version ("*")" ]] || die "\`usher version\` in the image says: $said"

    mount=$(podman_ image mount "$tag")
    (cd "$mount" && find . -type f) >"$work/files"
    podman_ image unmount "$tag" >/dev/null
    # Beside the libraries.
    local expected=$'./etc/group\n./etc/passwd\n./etc/ssl/certs/ca-certificates.crt\n./usr/local/bin/usher'
    [[ $(grep -v '^./lib\|^./usr/lib' "$work/files" | sort) == "$expected" ]] || die "in the image is more than belongs there: $(cat "$work/files")"
    grep -q ca-certificates "$work/files" || die "there is no CA bundle in the image"

    said=$(podman_ run "${restricted[@]}" "$tag" demo --once 2>"$work/demo.err") ||
        { tail -20 "$work/demo.err" >&2; die "\`demo --once\` failed in the image: $said"; }
    echo "$said" | tail -1
    [[ $said =~ ([0-9]+)" of "([0-9]+)" checks came out as told" && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]] ||
        die "not all of the story came out in the image: $said"
    holds_its_data
}

# A volume of the user's own, a configuration from outside, a start, a backup, an orderly end, and the backup restored.
holds_its_data() {
    local said
    mkdir -p "$work/data" "$work/etc" "$work/restored"
    chown 65532:65532 "$work/data" "$work/restored"
    printf 'data_dir: /data\nadmin: { listen: "127.0.0.1:8081" }\n' >"$work/etc/usher.yaml"
    said=$(podman_ run "${restricted[@]}" --volume "$work/etc:/etc/usher:ro" "$tag" check --config /etc/usher/usher.yaml)
    [[ $said == *": ok: "* ]] || die "\`usher check\` in the image says: $said"
    podman_ run --detach --name usher-image-test "${restricted[@]}" \
        --volume "$work/etc:/etc/usher:ro" --volume "$work/data:/data" "$tag" >/dev/null
    local deadline=$((SECONDS + 120))
    until [[ -s $work/data/admin-token ]] && podman_ logs usher-image-test 2>&1 | grep -q 'usher is running'; do
        ((SECONDS < deadline)) || die "usher does not run in the image: $(podman_ logs usher-image-test 2>&1 | tail -5)"
        sleep 0.2
    done
    podman_ exec usher-image-test usher backup --config /etc/usher/usher.yaml --to - >"$work/usher.backup" ||
        die "no backup could be made in the image"
    podman_ stop --time 60 usher-image-test >/dev/null
    [[ -s $work/data/log/records.sqlite ]] || die "the log is not in the volume"
    [[ $(stat -c '%u %a' "$work/data/admin-token") == "65532 600" ]] || die "the admin token is not its owner's alone"
    podman_ run --interactive "${restricted[@]}" --volume "$work/restored:/data" "$tag" restore --from - --to /data \
        <"$work/usher.backup" >/dev/null || die "the backup could not be restored in the image"
    cmp "$work/data/admin-token" "$work/restored/admin-token" || die "the restored folder has another admin token"
}

python_() { "$top/tests/chart/chart.sh" python "$@"; }

# The pod as the chart renders it (arguments, variables, mounts, security) with a real Kafka, in a network of their own.
runs_as_a_pod() {
    local broker said deadline
    need java ip
    netns=usher-image-$$
    ip netns add "$netns"
    ip netns exec "$netns" ip link set lo up
    broker=$(USHER_TEST_OWNER=$$ ip netns exec "$netns" "$top/tests/kafka/kafka.sh" start "$work/kafka" 9092)
    mkdir "$work/pod"
    python_ "$here/pod.py" render "$work/pod" "$broker"
    said=$(as_pod check --rm) || die "the pod's check says: $said"
    as_pod serve --detach --name usher-image-pod >/dev/null
    deadline=$((SECONDS + 120))
    until said=$(podman_ exec usher-image-pod usher healthcheck --ready --config /etc/usher/usher.yaml 2>&1); do
        ((SECONDS < deadline)) || die "the pod is not ready: $said; $(podman_ logs usher-image-pod 2>&1 | tail -5)"
        sleep 0.5
    done
    ip netns exec "$netns" "$top/tests/chart/chart.sh" python "$here/pod.py" deliver http://127.0.0.1:8080/webhooks/acme ||
        die "the pod does not take a webhook: $(podman_ logs usher-image-pod 2>&1 | tail -5)"
    podman_ stop --time 90 usher-image-pod >/dev/null
    [[ $(podman_ inspect --format '{{.State.ExitCode}}' usher-image-pod) == 0 ]] ||
        die "the pod does not end in order: $(podman_ logs usher-image-pod 2>&1 | tail -5)"
    "$top/tests/kafka/kafka.sh" stop "$work/kafka"
    echo "the chart's pod runs in the image on Kafka"
}

# Runs one container of the rendered pod; further arguments are podman's.
as_pod() {
    local arguments=() argument name=$1
    shift
    while IFS= read -r -d '' argument; do
        [[ $argument == IMAGE ]] && argument=$tag
        arguments+=("$argument")
    done <"$work/pod/$name"
    podman_ run "$@" "${limits[@]}" --network "ns:/run/netns/$netns" "${arguments[@]}" 2>&1
}

case "${1:-}" in
    pack) [[ $# -eq 2 ]] || die "usage: image.sh pack BINARY"; pack "$2"; check; runs_as_a_pod ;;
    build) [[ $# -eq 1 ]] || die "usage: image.sh build"; build; check; runs_as_a_pod ;;
    *) die "usage: image.sh pack BINARY | build" ;;
esac
