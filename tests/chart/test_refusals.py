"""Values that can't work are refused, in words that say where and what to write."""

import json

import pytest
import yaml

import chart

KAFKA = {"mode": "kafka", "kafka": {"brokers": ["kafka:9092"]}, "adminToken": {"existingSecret": "admin"}}
SPLIT = {**KAFKA, "split": True}
EGRESS = {"enabled": True, "egress": {"enabled": True, "products": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}}
CILIUM = {"enabled": True, "egress": {"enabled": True, "ciliumHosts": True}}
SOURCE = {"sources": [{"id": "acme", "product": "jira-dc", "base_url": "https://jira.example"}]}

# Values, and the words that the refusal must have.
COMBINATIONS = [
    ({"split": True}, ["split:", "mode: kafka"]),
    ({"replicas": 2}, ["replicas:", "mode: kafka"]),
    ({"kafka": {"brokers": ["kafka:9092"]}}, ["kafka.brokers:", "mode: kafka"]),
    ({"persistence": {"enabled": False}}, ["persistence.enabled:", "lost"]),
    ({"mode": "kafka"}, ["kafka.brokers:", "kafka.example.com:9092"]),
    ({**KAFKA, "persistence": {"existingClaim": "data"}}, ["persistence.existingClaim:", "Leave it out"]),
    ({**KAFKA, "replicas": 13}, ["kafka.partitions:", "13 pods", "only 12"]),
    ({**SPLIT, "engine": {"replicas": 13}}, ["kafka.partitions:", "13 pods"]),
    ({**SPLIT, "replicas": 3}, ["replicas:", "engine.replicas"]),
    ({**KAFKA, "replicas": 2, "adminToken": {}}, ["adminToken.existingSecret:", "more than one pod"]),
    ({**SPLIT, "adminToken": {}}, ["adminToken.existingSecret:"]),
    ({**KAFKA, "adminToken": {}, "persistence": {"enabled": False}}, ["adminToken.existingSecret:", "without a volume"]),
    ({"preStopSeconds": 40}, ["terminationGracePeriodSeconds:", "at least 70"]),
    ({"terminationGracePeriodSeconds": 39}, ["terminationGracePeriodSeconds:", "at least 40"]),
    ({"existingConfigMap": "c", "config": {"mode": "observe"}}, ["existingConfigMap:", "config is not used"]),
    ({"existingConfigMap": "c", "sandbox": {"enabled": True}}, ["sandbox.enabled:"]),
    ({"config": {"data_dir": "/x"}}, ["config.data_dir:", "the chart sets it"]),
    ({"config": {"log": {"kind": "kafka"}}}, ["config.log:"]),
    ({"config": {"admin": {"listen": "0.0.0.0:1"}}}, ["config.admin:"]),
    ({"config": {"webhooks": {"listen": "0.0.0.0:1"}}}, ["config.webhooks.listen:", "listenAddress"]),
    ({"config": {"webhooks": {"linger": "5s"}}}, ["config.webhooks.linger:", "preStopSeconds"]),
    ({"config": {"smtp": {"password": {"file": "secrets/mail/password"}}}}, ["secrets:", "secrets/mail/password", '"mail"', "Add it"]),
    ({**KAFKA, "kafka": {"brokers": ["k:1"], "options": {"sasl.password": {"file": "secrets/kafka/password"}}}}, ["secrets:", "secrets/kafka/password"]),
    ({"secrets": [{"name": "a", "existingSecret": "a", "items": ["x"]}] * 2}, ["secrets:", '"a" is there twice']),
    ({"ingress": {"enabled": True}}, ["ingress.host:", "Write the host"]),
    ({"httpRoute": {"enabled": True}}, ["httpRoute.parentRefs:"]),
    ({"service": {"loadBalancerSourceRanges": ["192.0.2.0/24"]}}, ["service.loadBalancerSourceRanges:", "LoadBalancer"]),
    ({"networkPolicy": {"egress": {"enabled": True}}}, ["networkPolicy.egress.enabled:"]),
    ({**KAFKA, "networkPolicy": {"enabled": True, "egress": {"enabled": True}}}, ["networkPolicy.egress.brokers:"]),
    ({"config": SOURCE, "networkPolicy": {"enabled": True, "egress": {"enabled": True}}}, ["networkPolicy.egress.products:", "ciliumHosts"]),
    ({**KAFKA, "autoscaling": {"webhooks": {"enabled": True}}}, ["autoscaling.webhooks.enabled:", "split: true"]),
    ({**KAFKA, "autoscaling": {"engine": {"enabled": True}}}, ["autoscaling.engine.enabled:", "autoscaling.engine.prometheusUrl:"]),
    ({**SPLIT, "autoscaling": {"webhooks": {"enabled": True, "minReplicas": 9}}}, ["autoscaling.webhooks.minReplicas:"]),
    ({**SPLIT, "webhooks": {"replicas": 3}, "autoscaling": {"webhooks": {"enabled": True}}}, ["webhooks.replicas:", "autoscaling.webhooks"]),
    ({**SPLIT, "autoscaling": {"engine": {"enabled": True, "prometheusUrl": "http://p", "maxReplicas": 13}}}, ["autoscaling.engine.maxReplicas:"]),
    ({"monitoring": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}}, ["monitoring:", "twice"]),
    ({"kafka": {"options": {"security.protocol": "SSL"}}}, ["kafka.options:", "mode: kafka"]),
    ({**KAFKA, "kafka": {"brokers": ["k:1"], "options": {"session.timeout.ms": 60000}}}, ["kafka.options:", "Write kafka.sessionTimeoutMs"]),
    ({**KAFKA, "kafka": {"brokers": ["k:1"], "options": {"group.instance.id": "a"}}}, ["kafka.options:", "group.instance.id", "Leave it out"]),
    ({"webhooks": {"replicas": 3}}, ["webhooks:", "split: true"]),
    ({**KAFKA, "engine": {"resources": {"limits": {"memory": "1Gi"}}}}, ["engine:", "split: true"]),
    ({**KAFKA, "admin": {"replicas": 2}}, ["admin:", "split: true"]),
    ({"sandbox": {"enabled": True}, "persistence": {"enabled": False, "existingClaim": "data"}}, ["persistence.existingClaim:"]),
    ({"existingConfigMap": "c", "networkPolicy": EGRESS}, ["networkPolicy.egress:", "config.sources", "networkPolicy.egress.additional"]),
    ({"existingConfigMap": "c", "networkPolicy": CILIUM}, ["networkPolicy.egress:", "existingConfigMap hides"]),
    ({"existingConfigMap": "c", "networkPolicy": {"enabled": True, "egress": {"enabled": True}}}, ["networkPolicy.egress.additional:"]),
    ({"config": {"sources": [{"id": "a", "base_url": "https://[2001:db8::1]:8443/jira"}]}, "networkPolicy": CILIUM}, ["ciliumHosts: [2001:db8::1] is an address", "products"]),
    ({**SPLIT, "webhooks": {"resources": {"limits": {"memory": "1Gi"}}}, "autoscaling": {"webhooks": {"enabled": True}}}, ["autoscaling.webhooks.enabled:", "webhooks.resources.requests.cpu"]),
    ({"monitoring": {"rules": {"disabled": ["UsherDwon"]}}}, ["monitoring.rules.disabled:", "UsherDwon", "UsherDown, "]),
    ({"networkPolicy": {"enabled": True}, "monitoring": {"podMonitor": {"enabled": True}}}, ["networkPolicy.adminFrom:", "Prometheus"]),
    ({"extraEnv": [{"name": "POD_NAME", "value": "a"}]}, ["extraEnv:", "POD_NAME"]),
    ({"extraEnv": [{"name": "RUST_LOG", "value": "debug"}]}, ["extraEnv:", "RUST_LOG", "logLevel"]),
    ({"extraEnv": [{"name": "USHER_LOG__KIND", "value": "kafka"}]}, ["extraEnv:", "USHER_LOG__KIND", "values of the chart"]),
    ({"extraVolumes": [{"name": "data", "emptyDir": {}}]}, ["extraVolumes:", "data"]),
    ({"extraVolumeMounts": [{"name": "certificates", "mountPath": "/etc/usher/secrets/ca"}]}, ["extraVolumeMounts:", "/etc/usher/secrets/ca"]),
    ({"extraContainers": [{"name": "proxy"}], "extraInitContainers": [{"name": "proxy"}]}, ["extraContainers, extraInitContainers:", "proxy"]),
    # A value set to null has no default any more.
    ({"replicas": None}, ["missing or null: replicas", "Leave a value out"]),
    ({"image": None, "config": None}, ["image.repository", "config", "--reset-then-reuse-values"]),
    ({"networkPolicy": {"egress": None}}, ["networkPolicy.egress.enabled"]),
]

# Values that the schema refuses, and the place that it names.
SCHEMA = [
    ({"replica": 3}, "replica"),
    ({"image": {"tags": "1"}}, "image"),
    ({"mode": "postgres"}, "mode"),
    ({"split": "yes"}, "split"),
    ({"config": {"sources": {"acme": {}}}}, "sources"),
    ({"replicas": 0}, "replicas"),
    ({"replicas": 1.5}, "replicas"),
    ({"fullnameOverride": "Usher"}, "fullnameOverride"),
    ({"fullnameOverride": "9usher"}, "fullnameOverride"),
    ({"image": {"digest": "sha256:abc"}}, "digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
    ({"kafka": {"brokers": ["kafka"]}}, "brokers"),
    ({"kafka": {"brokers": ["http://kafka:9092"]}}, "brokers"),
    ({"kafka": {"brokers": ["kafka:65536"]}}, "brokers"),
    ({"kafka": {"partitions": 0}}, "partitions"),
    ({"config": {"sources": [{"webhook": "secret"}]}}, "webhook"),
    ({"config": {"sources": [{"base_url": {"env": "URL"}}]}}, "base_url"),
    ({"persistence": {"storageClass": "-"}}, "storageClass"),
    ({"service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["everybody"]}}, "loadBalancerSourceRanges"),
    ({"commonLabels": {"team": "two words"}}, "commonLabels"),
    ({"monitoring": {"serviceMonitor": {"labels": {"app.kubernetes.io/instance": "prometheus"}}}}, "serviceMonitor"),
    ({"extraEnv": [{"value": "x"}]}, "extraEnv"),
    ({"kafka": {"sessionTimeoutMs": 1000}}, "sessionTimeoutMs"),
    ({"secrets": [{"name": "acme"}]}, "secrets"),
    ({"secrets": [{"name": "acme", "existingSecret": "x", "items": []}]}, "items"),
    ({"secrets": [{"name": "admin", "existingSecret": "x", "items": ["t"]}]}, "name"),
    ({"secrets": [{"name": "../x", "existingSecret": "x", "items": ["t"]}]}, "name"),
    ({"secrets": [{"name": "a", "existingSecret": "x", "items": ["../t"]}]}, "items"),
    ({"persistence": {"size": "ten"}}, "size"),
    ({"persistence": {"accessModes": ["ReadWriteMany"]}}, "accessModes"),
    ({"service": {"type": "ExternalName"}}, "type"),
    ({"service": {"port": 0}}, "port"),
    ({"listenAddress": "127.0.0.1"}, "listenAddress"),
    ({"admin": {"service": {"type": "LoadBalancer"}}}, "admin"),
    ({"ingress": {"host": "https://usher.example"}}, "host"),
    ({"ingress": {"annotations": {"a": 1}}}, "annotations"),
    ({"monitoring": {"serviceMonitor": {"interval": "often"}}}, "interval"),
    ({"monitoring": {"rules": {"thresholds": {"slowSeconds": 31}}}}, "slowSeconds"),
    ({"monitoring": {"rules": {"thresholds": {"feedLag": 1}}}}, "thresholds"),
    ({"podLabels": {"app.kubernetes.io/name": "other"}}, "podLabels"),
    ({"commonLabels": {"app.kubernetes.io/instance": "other"}}, "commonLabels"),
    ({"preStopSeconds": -1}, "preStopSeconds"),
    ({"terminationGracePeriodSeconds": "60"}, "terminationGracePeriodSeconds"),
]


@pytest.mark.parametrize("values,words", COMBINATIONS, ids=lambda value: value[0] if isinstance(value, list) else "")
def test_a_combination_that_cannot_work_is_refused(values, words):
    with pytest.raises(chart.Refused) as refused:
        chart.template(values)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("values,place", SCHEMA, ids=lambda value: value if isinstance(value, str) else "")
def test_the_schema_refuses(values, place):
    with pytest.raises(chart.Refused) as refused:
        chart.template(values)
    assert "values don't meet the specifications of the schema" in str(refused.value)
    assert place in str(refused.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(chart.Refused) as refused:
        chart.template({"replicas": 2, "ingress": {"enabled": True}, "preStopSeconds": 60})
    assert str(refused.value).count("\n  - ") == 3


@pytest.mark.parametrize("release", ["9lives", "2024"])
def test_a_release_whose_name_no_service_can_have_is_refused(release):
    with pytest.raises(chart.Refused) as refused:
        chart.template(release=release)
    assert "fullnameOverride: " in str(refused.value) and f'"{release}"' in str(refused.value)
    assert chart.rendered({"fullnameOverride": "usher"}, release=release).one("StatefulSet", "usher")


def test_kubernetes_before_1_30_is_refused():
    with pytest.raises(chart.Refused) as refused:
        chart.template(kubernetes="1.29.9")
    assert ">=1.30.0-0" in str(refused.value)


def test_every_default_is_in_the_schema():
    schema = json.loads((chart.CHART / "values.schema.json").read_text())
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text())

    def check(place, value, part):
        part = schema["definitions"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
        if part.get("additionalProperties") is False:
            told = part["properties"].keys() - ({"global", "enabled"} if not place else set())
            if place and place[-1] in ("resources",):
                return
            assert told == value.keys(), f"{'.'.join(place)}: {told ^ value.keys()}"
            for key in value:
                check([*place, key], value[key], part["properties"][key])

    check([], values, schema)
