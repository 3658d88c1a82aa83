"""deploy/kustomize: the chart rendered, for those who do not use Helm.

`base` has the objects that all ways of running share, each overlay the rest of one way, and a configuration to be changed.
"""

import yaml

import chart

FOLDER = chart.ROOT / "deploy" / "kustomize"
HEAD = "# Made by `make chart-write` from helm/usher.\n"

SOURCE = """# usher's configuration, see docs/configuration.md. The pods' environment sets data_dir, listeners, admin token and log.
sources:
  - id: acme
    product: jira-dc
    base_url: https://jira.acme.example
    auth: { bearer: { file: secrets/acme/pat } }
    webhook: { hmac: [{ file: secrets/acme/webhook }] }
"""

COMMON = {
    "fullnameOverride": "usher",
    "existingConfigMap": "usher-config",
    "adminToken": {"existingSecret": "usher-admin"},
    "secrets": [{"name": "acme", "existingSecret": "usher-acme", "items": ["pat", "webhook"]}],
    "test": {"enabled": False},
}
VALUES = {
    "embedded": COMMON,
    "kafka": {**COMMON, "mode": "kafka", "replicas": 3, "kafka": {"brokers": ["kafka:9092"]}},
}


def without_helm(item):
    """The object without the labels that say it is Helm's."""
    if isinstance(item, dict):
        return {key: without_helm(value) for key, value in item.items() if key not in ("helm.sh/chart", "app.kubernetes.io/managed-by")}
    if isinstance(item, list):
        return [without_helm(value) for value in item]
    return item


def objects(overlay):
    """All objects of one way of running, by kind and name."""
    found = chart.rendered(VALUES[overlay], release="usher").objects
    return {(item["kind"], item["metadata"]["name"]): without_helm(item) for item in found}


def dump(items):
    return HEAD + "---\n".join(yaml.safe_dump(item, sort_keys=False, width=140) for item in items)


def kustomization(**fields):
    return HEAD + yaml.safe_dump({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **fields}, sort_keys=False)


def files():
    """Each file with its text."""
    ways = {overlay: objects(overlay) for overlay in VALUES}
    shared = {key: item for key, item in ways["embedded"].items() if all(way.get(key) == item for way in ways.values())}
    made = {
        FOLDER / "base" / "kustomization.yaml": kustomization(resources=["objects.yaml"]),
        FOLDER / "base" / "objects.yaml": dump(shared.values()),
    }
    for overlay, way in ways.items():
        folder = FOLDER / "overlays" / overlay
        made[folder / "objects.yaml"] = dump(item for key, item in way.items() if key not in shared)
        made[folder / "usher.yaml"] = SOURCE
        made[folder / "kustomization.yaml"] = kustomization(
            resources=["../../base", "objects.yaml"], configMapGenerator=[{"name": "usher-config", "files": ["usher.yaml"]}],
        )
    return made
