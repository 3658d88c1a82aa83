"""The chart rendered, for its tests."""

import atexit
import functools
import hashlib
import json
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "usher"
CI = sorted((CHART / "ci").glob("*.yaml"))
WORKLOADS = ("Deployment", "StatefulSet")


class Refused(Exception):
    """helm did not render."""


def helm(*arguments):
    done = subprocess.run(["helm", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Refused(done.stderr)
    return done.stdout


@functools.cache
def _once(*arguments):
    return helm(*arguments)


@functools.cache
def _folder():
    folder = tempfile.TemporaryDirectory(prefix="usher-values-")
    atexit.register(folder.cleanup)
    return pathlib.Path(folder.name)


def as_file(value):
    """A file of values: Helm 3 takes no whole mapping on the command line."""
    text = json.dumps(value)
    path = _folder() / f"{hashlib.sha256(text.encode()).hexdigest()}.yaml"
    path.write_text(text)
    return path


def template(*values, chart=CHART, release="release", namespace="people", kubernetes="1.37.0", flags=()):
    """The manifests as text. `values` are files, or mappings."""
    arguments = ["template", release, chart, "--namespace", namespace, "--kube-version", kubernetes, *flags]
    for value in values:
        arguments += ["--values", as_file(value) if isinstance(value, dict) else value]
    # The chart does not change while its tests run, so each way of rendering it is done once.
    return _once(*map(str, arguments))


@dataclass
class Rendered:
    """The objects of a rendered chart."""

    objects: list

    def of(self, *kinds):
        return [item for item in self.objects if item["kind"] in kinds]

    def one(self, kind, name):
        found = [item for item in self.of(kind) if item["metadata"]["name"] == name]
        assert len(found) == 1, f"{kind} {name}: {[(i['kind'], i['metadata']['name']) for i in self.objects]}"
        return found[0]

    def pods(self):
        """Name and pod of each workload, with those of hooks."""
        for item in self.of(*WORKLOADS):
            yield item["metadata"]["name"], item["spec"]["template"]
        for item in self.of("Pod"):
            yield item["metadata"]["name"], item

    def configuration(self):
        """The text of usher.yaml, or None if the chart makes none."""
        texts = [item["data"]["usher.yaml"] for item in self.of("ConfigMap") if "usher.yaml" in item.get("data", {})]
        assert len(texts) <= 1
        return texts[0] if texts else None


class Strict(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        return super().construct_mapping(node, deep)


def strictly(text):
    return yaml.load_all(text, Strict)


def rendered(*values, **keywords):
    return Rendered([item for item in strictly(template(*values, **keywords)) if item])
