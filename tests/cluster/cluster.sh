#!/usr/bin/env bash
# The chart on a real API server: etcd, kube-apiserver, the controllers and the scheduler of Kubernetes, with nodes and
# pods played by kwok. Its pods run nothing; what runs in them is tested with `make image`.
#
#   cluster.sh fetch       the programs, once, into USHER_TEST_CACHE (default: ~/.cache/usher-test): a quarter of an hour of compiling
#   cluster.sh test        the chart on a fresh cluster: installed, upgraded, rolled back, drained, refused, a part of another chart
#   cluster.sh shell       a shell with helm and kubectl and a fresh cluster
set -euo pipefail

kubernetes=1.36.3
kwok=0.8.0
prometheus_operator=0.85.0
gateway_api=1.4.0
keda=2.21.0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=${USHER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usher-test}
programs=$cache/cluster-$kubernetes-$kwok
export PATH=$programs:$PATH:/usr/local/go/bin

die() { echo "cluster.sh: $*" >&2; exit 1; }
say() { echo "cluster.sh: $*" >&2; }

# Debian's package is unpacked and not installed: an installed one would start a server.
fetch_etcd() {
    local deb
    if command -v etcd >/dev/null; then
        ln -s "$(command -v etcd)" "$1/etcd"
        return
    fi
    command -v apt-get >/dev/null || die "etcd is missing; install it, then try again."
    deb=$(mktemp -d)
    chmod 755 "$deb"
    (cd "$deb" && { apt-get download -q etcd-server || { apt-get update -q && apt-get download -q etcd-server; }; } >&2) ||
        die "could not fetch Debian's package etcd-server"
    dpkg-deb -x "$deb"/etcd-server_*.deb "$deb/x"
    cp "$deb/x/usr/bin/etcd" "$1/"
    rm -rf "$deb"
}

# Kubernetes is no module to be installed by name: its own go.mod points at folders beside it. Here they are the modules of the
# same release that the project publishes.
fetch_kubernetes() {
    local source staging=() modfile name
    source=$(mktemp -d)
    modfile=$(cd "$source" && go mod download -json "k8s.io/kubernetes@v$kubernetes" | sed -n 's/.*"GoMod": "\(.*\)",/\1/p')
    [[ -f $modfile ]] || die "could not fetch the module k8s.io/kubernetes"
    mapfile -t staging < <(sed -n 's/^[[:space:]]*\(k8s.io\/[a-z0-9-]*\) => \.\/staging\/.*/\1/p' "$modfile" | sort -u)
    {
        printf 'module cluster\n\ngo %s\n\n' "$(sed -n 's/^go //p' "$modfile")"
        printf 'require k8s.io/kubernetes v%s\n\nreplace (\n' "$kubernetes"
        for name in "${staging[@]}"; do printf '\t%s => %s v0.%s\n' "$name" "$name" "${kubernetes#1.}"; done
        printf ')\n'
    } >"$source/go.mod"
    printf 'package tools\n\nimport (\n' >"$source/tools.go"
    for name in kube-apiserver kube-controller-manager kube-scheduler; do
        printf '\t_ "k8s.io/kubernetes/cmd/%s/app"\n' "$name" >>"$source/tools.go"
    done
    printf ')\n' >>"$source/tools.go"
    say "compiling Kubernetes $kubernetes"
    (cd "$source" && go mod tidy -e >/dev/null 2>&1 || true
        go build -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$kubernetes" -o "$1/" \
            k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kube-scheduler) ||
        die "Kubernetes could not be compiled"
    rm -rf "$source"
}

fetch_kwok() {
    say "compiling kwok $kwok"
    GOBIN=$1 go install "sigs.k8s.io/kwok/cmd/kwok@v$kwok" || die "kwok could not be compiled"
    # What nodes, pods and volumes of it do, and its StorageClass.
    local stages stage
    stages=$(go env GOMODCACHE)/sigs.k8s.io/kwok@v$kwok/kustomize/stage
    for stage in node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease pod/fast/pod-ready \
        pod/fast/pod-complete pod/fast/pod-delete volume/fast/pv-bind volume/fast/pv-delete volume/fast/pvc-provision volume/fast/pvc-delete; do
        echo ---
        cat "$stages/$stage.yaml"
    done >"$1/stages.yaml"
    cp "$stages/volume/fast/storage-class.yaml" "$1/"
}

# What the chart has objects of besides Kubernetes' own.
fetch_definitions() {
    local module of
    rm -rf "$1/definitions"
    mkdir "$1/definitions"
    of() { (cd "$1" && go mod download -json "$2" | sed -n 's/.*"Dir": "\(.*\)",/\1/p'); }
    module=$(of "$1" "github.com/prometheus-operator/prometheus-operator@v$prometheus_operator")
    cp "$module"/example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,prometheusrules,servicemonitors}.yaml "$1/definitions/"
    module=$(of "$1" "sigs.k8s.io/gateway-api@v$gateway_api")
    cp "$module"/config/crd/standard/gateway.networking.k8s.io_{gateways,httproutes}.yaml "$1/definitions/"
    module=$(of "$1" "github.com/kedacore/keda/v2@v$keda")
    cp "$module"/config/crd/bases/keda.sh_scaledobjects.yaml "$1/definitions/"
    chmod -R u+w "$1/definitions"
}

fetch() {
    [[ -d $programs ]] && return
    command -v go >/dev/null || die "Go is missing; install it, then try again."
    command -v curl >/dev/null || die "curl is missing; install it, then try again."
    export GOFLAGS="-mod=mod -p=2"
    mkdir -p "$cache"
    exec 9>"$programs.lock"
    flock 9
    if [[ ! -d $programs ]]; then
        # What was fetched before it was interrupted stays.
        mkdir -p "$programs.new"
        [[ -e $programs.new/etcd ]] || fetch_etcd "$programs.new"
        [[ -e $programs.new/stages.yaml ]] || fetch_kwok "$programs.new"
        [[ -e $programs.new/definitions/keda.sh_scaledobjects.yaml ]] || fetch_definitions "$programs.new"
        [[ -e $programs.new/kube-scheduler ]] || fetch_kubernetes "$programs.new"
        mv "$programs.new" "$programs"
    fi
    exec 9>&-
}

pids=()
cleanup() {
    local status=$? pid
    if [[ $status -ne 0 && -n ${work:-} ]]; then
        for log in "$work"/*.log; do echo "== $log" >&2; tail -n 5 "$log" >&2; done
    fi
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
        pid=${pids[at]}
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "${work:-}"
    exit "$status"
}

# A port that nothing listens on, below those that the kernel gives to outgoing connections.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

begin() {
    local name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 &
    pids+=($!)
}

# Waits until a command succeeds.
until_ok() {
    local deadline=$((SECONDS + 600)) what=$1 said
    shift
    until said=$("$@" 2>&1); do
        ((SECONDS < deadline)) || die "in vain: $what: $said"
        sleep 0.3
    done
}

start() {
    work=$(mktemp -d /var/tmp/usher-cluster.XXXXXX)
    trap cleanup EXIT
    local etcd peers api
    etcd=$(free_port) peers=$(free_port) api=$(free_port)
    token=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
    echo "$token,admin,admin,system:masters" >"$work/tokens"
    openssl genrsa -out "$work/accounts.key" 2048 2>/dev/null
    begin etcd etcd --data-dir "$work/etcd" --unsafe-no-fsync --listen-client-urls "http://127.0.0.1:$etcd" \
        --advertise-client-urls "http://127.0.0.1:$etcd" --listen-peer-urls "http://127.0.0.1:$peers" \
        --initial-advertise-peer-urls "http://127.0.0.1:$peers" --initial-cluster "default=http://127.0.0.1:$peers"
    # Debian's etcd is too old for watches that begin with a list. Clients would try them again and again, and see nothing meanwhile.
    begin api kube-apiserver --feature-gates WatchList=false --etcd-servers "http://127.0.0.1:$etcd" --bind-address 127.0.0.1 --secure-port "$api" \
        --cert-dir "$work/certificates" --token-auth-file "$work/tokens" --authorization-mode RBAC --endpoint-reconciler-type none \
        --service-cluster-ip-range 10.96.0.0/16,fd00:96::/108 --service-account-issuer https://cluster.test \
        --service-account-key-file "$work/accounts.key" --service-account-signing-key-file "$work/accounts.key"
    # Cilium's definitions are not here: the products are networks instead.
    echo 'networkPolicy: { egress: { ciliumHosts: false, products: [{ ipBlock: { cidr: 192.0.2.0/24 } }] } }' >"$work/no-cilium.yaml"
    server=https://127.0.0.1:$api
    export KUBECONFIG=$work/kubeconfig
    cat >"$KUBECONFIG" <<YAML
apiVersion: v1
kind: Config
clusters: [{ name: test, cluster: { server: "$server", insecure-skip-tls-verify: true } }]
users: [{ name: admin, user: { token: "$token" } }]
contexts: [{ name: test, context: { cluster: test, user: admin } }]
current-context: test
YAML
    until_ok "the API server is ready" kubectl get --raw /readyz
    # On a busy machine a node's sign of life may come a minute late. The controller would mark its pods as not ready then, and only
    # a kubelet, which is not here, would mark them as ready again.
    begin controllers kube-controller-manager --kubeconfig "$KUBECONFIG" --leader-elect=false --secure-port "$(free_port)" \
        --node-monitor-grace-period 24h \
        --service-account-private-key-file "$work/accounts.key" --root-ca-file "$work/certificates/apiserver.crt" --cert-dir "$work/controllers"
    begin scheduler kube-scheduler --kubeconfig "$KUBECONFIG" --leader-elect=false --secure-port "$(free_port)" --cert-dir "$work/scheduler"
    begin kwok kwok --kubeconfig "$KUBECONFIG" --config "$programs/stages.yaml" --config "$here/stages.yaml" --manage-all-nodes --node-lease-duration-seconds 40 --node-ip 127.0.0.1 \
        --server-address "127.0.0.1:$(free_port)"
    kubectl apply -f "$programs/storage-class.yaml" >/dev/null
    kubectl patch storageclass kwok-volume --patch 'allowVolumeExpansion: true' >/dev/null
    kubectl apply --server-side -f "$programs/definitions" >/dev/null
    local node
    for node in one two three; do
        kubectl apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Node
metadata: { name: "$node", labels: { kubernetes.io/hostname: "$node", kubernetes.io/os: linux, topology.kubernetes.io/zone: "zone-$node" } }
YAML
    done
    kubectl wait --for condition=Ready node --all --timeout 120s >/dev/null
    kubectl wait --for condition=Established crd --all --timeout 120s >/dev/null
}

# A namespace that admits only what Kubernetes calls restricted.
restricted_namespace() {
    kubectl create namespace "$1" >/dev/null
    kubectl label namespace "$1" pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted >/dev/null
    until_ok "the namespace has an account" kubectl --namespace "$1" get serviceaccount default
}

refused() {
    local what=$1 words=$2 said
    shift 2
    if said=$("$@" 2>&1); then die "$what was not refused: $said"; fi
    [[ $said == *"$words"* ]] || die "$what was refused with other words than \"$words\": $said"
    say "refused, as it should be: $what"
}

install() {
    local release=$1 namespace=$2
    shift 2
    helm upgrade --install "$release" --namespace "$namespace" --wait --timeout 600s "$@" 2>&1 >/dev/null | tee "$work/said" >&2 ||
        die "$release was not installed in $namespace"
    # The API server tells of fields it does not know and of what restricted would refuse as warnings.
    if grep -qi 'warning\|unknown field' "$work/said"; then die "the API server warns: $(cat "$work/said")"; fi
}

ready_pods() { # NAMESPACE RELEASE
    kubectl --namespace "$1" get pods --selector "app.kubernetes.io/instance=$2" \
        --output 'jsonpath={range .items[?(@.status.phase=="Running")]}{.metadata.name}{"\n"}{end}' | sort | xargs
}

each_way() {
    local values way namespace
    for values in "$top"/helm/usher/ci/*.yaml; do
        way=$(basename "$values" .yaml)
        namespace=way-$way
        restricted_namespace "$namespace"
        if [[ $way == existing-configmap ]]; then
            kubectl --namespace "$namespace" create configmap usher-config --from-literal usher.yaml='{}' >/dev/null
            kubectl --namespace "$namespace" apply -f - >/dev/null <<'YAML'
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: usher-data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
YAML
        fi
        install usher "$namespace" "$top/helm/usher" --values "$values" --values "$work/no-cilium.yaml"
        helm test usher --namespace "$namespace" --timeout 600s >"$work/tested" || die "helm test failed in $namespace: $(cat "$work/tested")"
        say "$way: runs in a restricted namespace: $(ready_pods "$namespace" usher)"
    done
    kubectl --namespace way-every-value get servicemonitor usher --output 'jsonpath={.spec.endpoints[0].metricRelabelings}' | grep -q process_ ||
        die "the relabelings are lost"
    kubectl --namespace way-kafka get servicemonitor,prometheusrule --output name | grep -c . >/dev/null || die "no monitors"
    kubectl --namespace way-split get scaledobject,httproute,hpa,podmonitor --output name | grep -c . >/dev/null || die "no route"
}

by_template() {
    restricted_namespace templates
    helm template usher "$top/helm/usher" --namespace templates --values "$top/helm/usher/ci/embedded.yaml" >"$work/rendered.yaml"
    kubectl --namespace templates apply --server-side --validate=strict -f "$work/rendered.yaml" >/dev/null
    kubectl --namespace templates rollout status statefulset/usher --timeout 600s >/dev/null
    kubectl --namespace templates apply --server-side --validate=strict -f "$work/rendered.yaml" >"$work/again"
    say "helm template | kubectl apply: $(wc -l <"$work/again") objects"
}

# What an autoscaler has set, an upgrade leaves.
scaled_by_others() {
    local kept
    kubectl --namespace way-split scale --replicas 4 deployment/usher-webhooks statefulset/usher-engine >/dev/null
    install usher way-split "$top/helm/usher" --values "$top/helm/usher/ci/split.yaml" --values "$work/no-cilium.yaml" --set resources.limits.memory=1Gi
    kept=$(kubectl --namespace way-split get deployment/usher-webhooks statefulset/usher-engine --output 'jsonpath={.items[*].spec.replicas}')
    [[ $kept == "4 4" ]] || die "the upgrade has scaled to $kept"
    say "an upgrade leaves as many pods as an autoscaler has made"
}

# deploy/kustomize, for those who do not use Helm.
kustomized() {
    local overlay namespace
    for overlay in embedded kafka; do
        namespace=kustomize-$overlay
        restricted_namespace "$namespace"
        kubectl kustomize "$top/deploy/kustomize/overlays/$overlay" >"$work/rendered.yaml"
        kubectl --namespace "$namespace" apply --server-side --validate=strict -f "$work/rendered.yaml" >/dev/null 2>"$work/said"
        [[ ! -s $work/said ]] || die "the API server warns: $(cat "$work/said")"
        kubectl --namespace "$namespace" rollout status statefulset/usher --timeout 600s >/dev/null
        say "kubectl apply -k overlays/$overlay: $(ready_pods "$namespace" usher)"
    done
}

careless_pod() {
    restricted_namespace careless
    refused "a pod that asks for no restrictions" "violates PodSecurity" \
        kubectl --namespace careless run careless --image usher --restart Never
}

# To a later version of the chart with another image and more memory, and back.
upgrade_and_rollback() {
    local before image
    restricted_namespace upgrades
    kubectl --namespace upgrades create secret generic usher-admin --from-literal token=long-enough-for-a-token >/dev/null
    install usher upgrades "$top/helm/usher" --values "$top/helm/usher/ci/kafka.yaml" --values "$work/no-cilium.yaml"
    before=$(kubectl --namespace upgrades get statefulset usher --output 'jsonpath={.spec.template.spec.containers[0].image}')
    cp -r "$top/helm/usher" "$work/later"
    sed -i 's/^version: .*/version: 9.8.7/; s/^appVersion: .*/appVersion: 9.8.7/' "$work/later/Chart.yaml"
    install usher upgrades "$work/later" --values "$top/helm/usher/ci/kafka.yaml" \
        --values "$work/no-cilium.yaml" --set resources.limits.memory=1Gi
    image=$(kubectl --namespace upgrades get pod usher-2 --output 'jsonpath={.spec.containers[0].image}')
    [[ $image != "$before" && $image == *9.8.7 ]] || die "the upgrade left the image at $image"
    helm rollback usher 1 --namespace upgrades --wait --timeout 600s >/dev/null
    image=$(kubectl --namespace upgrades get pod usher-0 --output 'jsonpath={.spec.containers[0].image}')
    [[ $image == "$before" ]] || die "the rollback left the image at $image"
    [[ $(kubectl --namespace upgrades get pvc --output name | wc -l) == 3 ]] || die "the volumes did not stay three"
    say "upgraded to 9.8.7 and rolled back to $before, with the volumes it had"
}

# Not by kubectl: that asks again for minutes where it is refused.
evict() { # NAMESPACE POD
    curl --silent --show-error --fail-with-body --insecure --max-time 60 --header "Authorization: Bearer $token" --header 'Content-Type: application/json' \
        --data "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\"$2\",\"namespace\":\"$1\"}}" \
        "$server/api/v1/namespaces/$1/pods/$2/eviction"
}

allowed() { kubectl --namespace "$1" get pdb usher --output 'jsonpath={.status.disruptionsAllowed}'; }
three_are_ready() {
    [[ $(kubectl --namespace upgrades get statefulset usher --output 'jsonpath={.status.readyReplicas}') == 3 && $(allowed upgrades) == 1 ]]
}
none_may_go() { [[ $(allowed upgrades) == 0 ]]; }
waits() { [[ $(kubectl --namespace upgrades get pod "$1" --output 'jsonpath={.status.phase}') == Pending ]]; }

# Nodes are drained one at a time: while one pod is away, no other may go.
eviction() {
    until_ok "all three are ready" three_are_ready
    kubectl cordon one two three >/dev/null
    evict upgrades usher-1 >/dev/null || die "the first eviction was refused"
    until_ok "the evicted pod waits for a node" waits usher-1
    until_ok "the budget is used up" none_may_go
    refused "the eviction of a second pod" "disruption budget" evict upgrades usher-2
    kubectl uncordon one two three >/dev/null
    until_ok "all three are ready again" three_are_ready
    evict upgrades usher-2 >/dev/null || die "the eviction was refused although all are ready"
    until_ok "it is back" three_are_ready
    say "evicted one after the other, never two"
}

# A pod that never gets ready holds up no node, and protects the others.
eviction_of_a_broken_pod() {
    kubectl --namespace upgrades patch pod usher-1 --subresource status --patch \
        '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}' >/dev/null
    until_ok "the budget is used up" none_may_go
    refused "the eviction of a pod that works beside a broken one" "disruption budget" evict upgrades usher-0
    evict upgrades usher-1 >/dev/null || die "the broken pod can't be evicted"
    until_ok "all three are ready again" three_are_ready
    say "a broken pod can be evicted, the others not until it is back"
}

# As an administrator does it, with one pod alone and with three.
drain() {
    local node
    node=$(kubectl --namespace way-embedded get pod usher-0 --output 'jsonpath={.spec.nodeName}')
    kubectl drain "$node" --pod-selector app.kubernetes.io/name=usher --delete-emptydir-data --timeout 600s >"$work/drained" 2>&1 ||
        die "the node was not drained: $(cat "$work/drained")"
    grep -q 'pod/usher-0 evicted' "$work/drained" || die "nothing was drained: $(cat "$work/drained")"
    until_ok "the only pod is back on another node" is_elsewhere "$node"
    kubectl uncordon "$node" >/dev/null
    until_ok "all three are ready again" three_are_ready
    say "drained $node with the only pod of a release on it"
}
is_elsewhere() {
    local now
    now=$(kubectl --namespace way-embedded get pod usher-0 --output 'jsonpath={.status.phase} {.spec.nodeName}')
    [[ $now == "Running "* && $now != "Running $1" ]]
}

# As docs/operations.md says. kwok's pods run nothing, so that the backup itself is not attached.
restore() {
    local claim
    kubectl --namespace way-embedded scale statefulset usher --replicas 0 >/dev/null
    kubectl --namespace way-embedded wait pod/usher-0 --for delete --timeout 600s >/dev/null
    kubectl --namespace way-embedded delete pvc data-usher-0 --timeout 600s >/dev/null
    kubectl --namespace way-embedded apply --server-side --validate=strict -f "$top/deploy/kubernetes/restore.yaml" >/dev/null 2>"$work/said"
    [[ ! -s $work/said ]] || die "the API server warns: $(cat "$work/said")"
    kubectl --namespace way-embedded wait pod/usher-restore --for condition=Ready --timeout 600s >/dev/null
    claim=$(kubectl --namespace way-embedded get pvc data-usher-0 --output 'jsonpath={.metadata.uid}')
    kubectl --namespace way-embedded delete pod usher-restore --timeout 600s >/dev/null
    kubectl --namespace way-embedded scale statefulset usher --replicas 1 >/dev/null
    kubectl --namespace way-embedded rollout status statefulset/usher --timeout 600s >/dev/null
    [[ $(kubectl --namespace way-embedded get pvc data-usher-0 --output 'jsonpath={.metadata.uid}') == "$claim" ]] || die "the pod has another claim"
    say "a claim that was restored into is taken by the StatefulSet"
}

# The claims grow as the README says. Nothing but the API server refuses it in one step.
grow() {
    local values=(--values "$top/helm/usher/ci/kafka.yaml" --values "$work/no-cilium.yaml" --set persistence.size=20Gi) before
    refused "another size of the claims" "updates to statefulset spec for fields other than" \
        helm upgrade usher "$top/helm/usher" --namespace upgrades "${values[@]}"
    before=$(pods_by_id)
    kubectl --namespace upgrades patch pvc data-usher-0 data-usher-1 data-usher-2 --patch 'spec: { resources: { requests: { storage: 20Gi } } }' >/dev/null
    kubectl --namespace upgrades delete statefulset usher --cascade=orphan >/dev/null
    install usher upgrades "$top/helm/usher" "${values[@]}"
    until_ok "all three are ready" three_are_ready
    [[ $(pods_by_id) == "$before" ]] || die "growing the claims has restarted pods"
    say "the claims have grown to 20Gi, and no pod was restarted"
}
pods_by_id() { kubectl --namespace upgrades get pods --selector app.kubernetes.io/name=usher --output 'jsonpath={.items[*].metadata.uid}'; }

# To pods of their own for each role, and back.
split() {
    install usher upgrades "$top/helm/usher" --values "$top/helm/usher/ci/kafka.yaml" --values "$work/no-cilium.yaml" --set split=true,replicas=1
    kubectl --namespace upgrades rollout status statefulset/usher-engine statefulset/usher-admin deployment/usher-webhooks --timeout 600s >/dev/null
    install usher upgrades "$top/helm/usher" --values "$top/helm/usher/ci/kafka.yaml" --values "$work/no-cilium.yaml" --set persistence.size=20Gi
    until_ok "all three are ready" three_are_ready
    say "split and put together again"
}

# The longest name that Helm takes: pods carry the name of their StatefulSet in a label.
long_name() {
    local name
    name=$(printf 'r%.0s' {1..53})
    restricted_namespace long
    install "$name" long "$top/helm/usher" --values "$top/helm/usher/ci/split.yaml" --values "$work/no-cilium.yaml"
    until_ok "the engine has pods" engine_runs "$name"
    say "with a release's name of ${#name} characters: $(ready_pods long "$name")"
}
engine_runs() {
    [[ -n $(kubectl --namespace long get pods --selector "app.kubernetes.io/instance=$1,app.kubernetes.io/component=engine" \
        --field-selector status.phase=Running --output name) ]]
}

side_by_side() {
    restricted_namespace twins
    install one twins "$top/helm/usher" --values "$top/helm/usher/ci/demo.yaml"
    install two twins "$top/helm/usher" --values "$top/helm/usher/ci/demo.yaml"
    helm uninstall one --namespace twins --wait --timeout 600s >/dev/null
    [[ -n $(ready_pods twins two) ]] || die "with the one release the other went"
    say "two releases in one namespace"
}

# A chart that has this one twice, under one release, with a global value.
umbrella() {
    local chart=$work/umbrella
    restricted_namespace umbrella
    mkdir "$chart"
    cat >"$chart/Chart.yaml" <<YAML
apiVersion: v2
name: umbrella
version: 1.0.0
dependencies:
  - { name: usher, version: "*", repository: "file://$top/helm/usher", condition: usher.enabled }
  - { name: usher, version: "*", repository: "file://$top/helm/usher", alias: usherWiki, condition: usherWiki.enabled }
YAML
    {
        printf 'global: { imageRegistry: registry.example, imagePullSecrets: [registry] }\nusher:\n  enabled: true\n'
        sed 's/^/  /' "$top/helm/usher/ci/embedded.yaml"
        cat <<'YAML'
usherWiki:
  enabled: true
  mode: kafka
  replicas: 3
  kafka: { brokers: ["kafka:9092"] }
  adminToken: { existingSecret: usher-admin }
  monitoring: { serviceMonitor: { enabled: true }, rules: { enabled: true }, dashboards: { enabled: true } }
YAML
    } >"$chart/values.yaml"
    helm dependency update "$chart" >"$work/dependencies" 2>&1 || die "the umbrella has not got its parts: $(cat "$work/dependencies")"
    install whole umbrella "$chart"
    helm test whole --namespace umbrella --timeout 600s >"$work/tested" || die "helm test failed in the umbrella: $(cat "$work/tested")"
    say "as a part of another chart: $(ready_pods umbrella whole)"
    [[ $(statefulsets) == "statefulset.apps/whole-usher statefulset.apps/whole-usherwiki" ]] || die "the umbrella has $(statefulsets)"
    install whole umbrella "$chart" --set usherWiki.enabled=false
    [[ $(statefulsets) == statefulset.apps/whole-usher ]] || die "one condition leaves $(statefulsets)"
    install whole umbrella "$chart" --set usher.enabled=false,usherWiki.enabled=false
    [[ -z $(statefulsets) ]] || die "its condition does not switch it off: $(statefulsets)"
    refused "a value that the chart does not know, in an umbrella" "replica" \
        helm upgrade whole "$chart" --namespace umbrella --set usher.replica=3
}
statefulsets() { kubectl --namespace umbrella get statefulset --output name | sort | xargs; }

run_tests() {
    start
    say "Kubernetes $(kubectl version --output json | sed -n '/serverVersion/,/}/s/.*"gitVersion": "\(.*\)",/\1/p')"
    careless_pod
    each_way
    scaled_by_others
    by_template
    kustomized
    upgrade_and_rollback
    eviction
    eviction_of_a_broken_pod
    drain
    restore
    grow
    split
    side_by_side
    long_name
    umbrella
    echo "cluster: installed in each way, upgraded, rolled back, evicted, drained, grown, split, in pairs and in an umbrella, in restricted namespaces"
}

# helm and kubectl are those of the chart's tests.
with_helm() {
    "$top/tests/chart/chart.sh" fetch
    PATH=$(dirname "$("$top/tests/chart/chart.sh" which helm)"):$PATH
    export PATH HELM_CACHE_HOME=$programs/helm HELM_CONFIG_HOME=$programs/helm HELM_DATA_HOME=$programs/helm
    "$@"
}

case "${1:-}" in
    fetch) fetch ;;
    test) fetch; with_helm run_tests ;;
    shell) fetch; with_helm start; "${SHELL:-bash}" ;;
    *) die "usage: cluster.sh fetch | test | shell" ;;
esac
