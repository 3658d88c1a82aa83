"""deploy/kustomize gives the same objects as the chart."""

import re
import shutil
import subprocess

import pytest
import yaml

import chart
import kustomize
from test_configuration import check, lay_out


def built(overlay):
    done = subprocess.run(["kubectl", "kustomize", kustomize.FOLDER / "overlays" / overlay], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def unhashed(item):
    """The object with the name of the ConfigMap as it was before kustomize added a hash."""
    return yaml.safe_load(re.sub(r"usher-config-[0-9a-z]{10}", "usher-config", yaml.safe_dump(item)))


@pytest.mark.parametrize("overlay", kustomize.VALUES)
def test_an_overlay_gives_what_the_chart_gives(overlay):
    found = {(item["kind"], item["metadata"]["name"]): item for item in map(unhashed, built(overlay))}
    assert found.pop(("ConfigMap", "usher-config"))["data"] == {"usher.yaml": kustomize.SOURCE}
    assert found == kustomize.objects(overlay)


@pytest.mark.parametrize("overlay", kustomize.VALUES)
def test_usher_accepts_the_configuration_of_an_overlay(overlay, tmp_path):
    objects = chart.Rendered(list(map(unhashed, built(overlay))))
    [(_, pod)] = objects.pods()
    lay_out(pod, objects, tmp_path)
    done = check(pod, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_overlay_that_the_readme_shows_can_be_built(tmp_path):
    shutil.copytree(kustomize.FOLDER, tmp_path / "kustomize")
    mine = tmp_path / "kustomize" / "overlays" / "mine"
    mine.mkdir()
    [text] = re.findall(r"```yaml\n(.*?)```", (kustomize.FOLDER / "README.md").read_text(), re.DOTALL)
    (mine / "kustomization.yaml").write_text(text)
    (mine / "usher.yaml").write_text("mode: observe\n")
    done = subprocess.run(["kubectl", "kustomize", mine], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    objects = {item["kind"]: item for item in yaml.safe_load_all(done.stdout)}
    assert objects["ConfigMap"]["data"] == {"usher.yaml": "mode: observe\n"}
    assert objects["StatefulSet"]["spec"]["replicas"] == 2
    assert {item["metadata"]["namespace"] for item in objects.values()} == {"usher"}
