"""The values in deploy/argocd and deploy/flux are values of this chart."""

import pytest
import yaml

import chart
from test_configuration import check, lay_out


def argocd():
    application = yaml.safe_load((chart.ROOT / "deploy" / "argocd" / "application.yaml").read_text())
    return application["spec"]["source"]["helm"]["valuesObject"]


def flux():
    release = list(yaml.safe_load_all((chart.ROOT / "deploy" / "flux" / "helmrelease.yaml").read_text()))[-1]
    return release["spec"]["values"]


@pytest.mark.parametrize("values", [argocd, flux])
def test_usher_accepts_them(values, tmp_path):
    objects = chart.rendered(values())
    [item] = objects.of("StatefulSet")
    pod = item["spec"]["template"]
    lay_out(pod, objects, tmp_path)
    done = check(pod, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
