# usher's chart

usher is event-driven user management for Atlassian products. This chart runs it on Kubernetes 1.30 and later, with Helm 3.17 and later or 4: on a volume with one
pod (`mode: embedded`), or on Apache Kafka with any number of pods (`mode: kafka`).

## Install

Secrets come first, then the chart:

    kubectl create namespace usher
    kubectl create secret generic usher-acme --namespace usher --from-literal=pat="$$JIRA_PAT" --from-literal=webhook="$$(openssl rand -hex 32)"
    helm install usher helm/usher --namespace usher --values values.yaml

The image is built from the `Dockerfile` of this repository. Where your cluster can't have it from `image.repository`, build it, push it to a registry of yours and name that:

    docker build --build-arg USHER_COMMIT="$$(git rev-parse HEAD)" --tag registry.acme.example/usher:0.1.0 .

A `values.yaml` for one Jira Data Center:

```yaml
${embedded}```

[deploy/atlassian](../../deploy/atlassian/) says where the token `pat` comes from, and where the webhook's secret goes in the product. On Kafka:

```yaml
${kafka}```

To try it without any product: `--set sandbox.enabled=true --set persistence.enabled=false`. More examples are in [ci](ci).

`helm test usher --namespace usher` sends a signed delivery without an event to each source, through the Service (`usher ping`), and asks whether
usher is ready.

## What it does and does not do

* **It checks.** The schema refuses unknown values. Combinations that can't work are refused with what to write. The init container
  runs `usher check`: a wrong configuration stops the rollout with its line and column, and the old pods stay. With one pod the old one
  is gone by then; NOTES.txt says how to check before.
* **It takes no null.** A value that is null or missing is refused: templates would take it for 0. So is `helm upgrade --reuse-values` to a version with new
  values; use `--reset-then-reuse-values`.
* **It makes the same objects each time.** There are no random values, look-ups, hooks (but the test), custom resource definitions or
  roles. Argo CD and Flux can use it as it is.
* **It needs no rights.** Pods fit the Pod Security profile `restricted`. No token of a ServiceAccount is mounted: usher never calls the API server.
* **It exposes the webhook port alone.** The admin port has no Ingress, and no value makes one: use `kubectl port-forward`.
* **Secrets are files.** Name Secrets that exist (`secrets`, `adminToken`); External Secrets, Vault or SOPS may make them, also by `extraObjects`.
* **A pod keeps its partitions** while it restarts (`kafka.staticMembership`): its name is its `instance_id`, its volume has its
  state, and others take over after `kafka.sessionTimeoutMs`. Image pulls count: pin digests, and pull before.

## One StatefulSet, or three

With `split: false` each pod has all roles. This is right for 2 or 3 pods. `split: true` makes a Deployment `webhooks`, a StatefulSet `engine` and
a StatefulSet `admin`: use it when webhooks must not share a core with the engine.

## Upgrade, grow, remove

* Upgrades by one version need nothing. `Chart.yaml` lists the changes. Old and new pods work side by side, and one version back is safe.
* Pods read their configuration again when it changes, within about a minute: Secrets, schemes, `mode`, and of a source its `auth`, `webhook`, `rate`,
  `protect`, `ca` and `proxy`. No pod restarts for these. A change of anything else in `config` restarts the pods.
* A changed configuration that is wrong is refused, and the pods keep the one before. The alerts UsherConfigRefused and UsherConfigNeedsRestart
  report a change that has no effect. The init container `check` runs in a rollout only. To check before, give the new configuration to a running pod, which
  has the Secrets (a Secret that only the new values mount is reported as missing):

      helm template usher helm/usher --namespace usher --values values.yaml --show-only templates/configmap.yaml |
        sed -e '1,/usher.yaml: |/d' -e 's/^    //' |
        kubectl --namespace usher exec -i usher-0 -c usher -- usher check --config - --relative-to /etc/usher

* Another version of the chart with the same image restarts no pod.
* The size of a claim can't be changed in a StatefulSet. Grow the claims with `kubectl patch pvc`, then
  `kubectl delete statefulset NAME --cascade=orphan`, set `persistence.size`, and upgrade.
* As a part of another chart it can be there more than once, under aliases. `global` is accepted, and nothing in it is used: write `image.repository`,
  `image.pullSecrets` and `persistence.storageClass` under the chart's own name.
* Nodes can be drained at any time. One pod of a kind may be away; one that never gets ready does not count as one that works.
* `helm uninstall` leaves the claims. Delete them by hand if the log is not needed any more.
* Texts that YAML takes for something else need quotes in `config`: a group called `"on"` or `"2024"`. Helm reads YAML 1.1.

## Monitoring

`monitoring.serviceMonitor` (or `podMonitor`), `monitoring.rules` and `monitoring.dashboards` make objects for the Prometheus operator and for
the sidecar of Grafana. Each alert has a runbook in [docs/runbooks.md](../../docs/runbooks.md). Without the operator use
[rules/usher.yaml](rules/usher.yaml) and [dashboards](dashboards) as files; the job's name must contain `usher` there.

## Values

${values}
## For those who change this chart

`make chart` tests it, `make cluster` runs it on a real API server, `make chart-write` makes this page and the other made files anew.
