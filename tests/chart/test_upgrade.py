"""Upgrades, and life as a part of another chart."""

import shutil

import pytest
import yaml

import chart


@pytest.fixture
def next_version(tmp_path):
    """The chart under a later version, with an image of its own."""
    later = tmp_path / "usher"
    shutil.copytree(chart.CHART, later)
    text = (later / "Chart.yaml").read_text()
    (later / "Chart.yaml").write_text(text.replace("\nversion: 0.1.0\nappVersion: 0.1.0\n", "\nversion: 9.8.7+build.1\nappVersion: 9.8.7\n"))
    assert "9.8.7" in (later / "Chart.yaml").read_text()
    return later


def test_what_the_api_server_lets_nobody_change_stays(ci, next_version):
    before, after = chart.rendered(ci), chart.rendered(ci, chart=next_version)
    assert before.objects != after.objects
    for item in before.of(*chart.WORKLOADS):
        other = after.one(item["kind"], item["metadata"]["name"])
        for key in ("selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"):
            assert item["spec"].get(key) == other["spec"].get(key), key
        if item["kind"] == "StatefulSet":
            assert item["spec"]["podManagementPolicy"] == "Parallel"
            if "volumeClaimTemplates" in item["spec"]:
                assert item["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def test_another_version_of_the_chart_alone_restarts_nothing(ci, tmp_path):
    later = tmp_path / "usher"
    shutil.copytree(chart.CHART, later)
    text = (later / "Chart.yaml").read_text()
    (later / "Chart.yaml").write_text(text.replace("\nversion: 0.1.0\n", "\nversion: 0.1.1\n"))
    before, after = chart.rendered(ci), chart.rendered(ci, chart=later)
    assert before.objects != after.objects
    for item in before.of(*chart.WORKLOADS):
        assert item["spec"] == after.one(item["kind"], item["metadata"]["name"])["spec"]


@pytest.fixture
def umbrella(tmp_path):
    """A chart that has usher as a dependency, under a condition, and sets a global."""
    whole = tmp_path / "umbrella"
    (whole / "charts").mkdir(parents=True)
    shutil.copytree(chart.CHART, whole / "charts" / "usher")
    (whole / "Chart.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v2", "name": "umbrella", "version": "1.0.0",
        "dependencies": [{"name": "usher", "version": "0.1.0", "condition": "usher.enabled", "tags": ["people"]}],
    }))
    (whole / "values.yaml").write_text(yaml.safe_dump({
        "global": {"imageRegistry": "registry.example"}, "tags": {"people": True}, "usher": {"enabled": True},
    }))
    return whole


def test_it_works_as_a_part_of_another_chart(ci, umbrella, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"usher": yaml.safe_load(ci.read_text())}))
    inside = chart.rendered(values, chart=umbrella)
    outside = chart.rendered(ci)
    assert [(i["kind"], i["metadata"]["name"]) for i in inside.objects] == [(i["kind"], i["metadata"]["name"]) for i in outside.objects]
    assert inside.configuration() == outside.configuration()


def test_its_condition_switches_it_off(umbrella):
    assert chart.rendered({"usher": {"enabled": False}}, chart=umbrella).objects == []


def test_it_can_be_in_an_umbrella_twice(tmp_path):
    aliases = ["usherCloud", "usher_dc", "usher"]
    for alias in aliases:
        shutil.copytree(chart.CHART, tmp_path / "whole" / "charts" / "usher", dirs_exist_ok=True)
    (tmp_path / "whole" / "Chart.yaml").write_text(yaml.safe_dump({
        "apiVersion": "v2", "name": "whole", "version": "1.0.0",
        "dependencies": [{"name": "usher", "version": "0.1.0", **({} if alias == "usher" else {"alias": alias})} for alias in aliases],
    }))
    # The release's name has that of each in it.
    objects = chart.rendered(chart=tmp_path / "whole", release="usher-dc")
    names = [(item["kind"], item["metadata"]["name"]) for item in objects.objects]
    assert len(names) == len(set(names))
    assert {name for kind, name in names if kind == "StatefulSet"} == {"usher-dc", "usher-dc-usher", "usher-dc-ushercloud"}
    for item in objects.of("StatefulSet", "Service", "PodDisruptionBudget"):
        selector = item["spec"]["selector"]
        selector = selector.get("matchLabels", selector)
        [found] = [name for name, pod in objects.pods() if selector.items() <= pod["metadata"]["labels"].items()]
        assert item["metadata"]["name"] in (found, f"{found}-admin", f"{found}-headless")


def test_two_releases_in_a_namespace_share_no_name_and_no_pod():
    ci = chart.CHART / "ci" / "kafka.yaml"
    one, two = chart.rendered(ci, release="one"), chart.rendered(ci, release="two")
    names = [{(i["kind"], i["metadata"]["name"]) for i in objects.objects} for objects in (one, two)]
    assert not names[0] & names[1]
    selectors = [objects.of("StatefulSet")[0]["spec"]["selector"]["matchLabels"] for objects in (one, two)]
    assert selectors[0] != selectors[1]


def test_a_long_release_name_is_cut():
    objects = chart.rendered(chart.CHART / "ci" / "split.yaml", release="r" * 53)
    for item in objects.of("Service", *chart.WORKLOADS):
        assert len(item["metadata"]["name"]) <= 63, item["metadata"]["name"]
    for item in objects.of("StatefulSet"):
        # Pods have a label with this name and a revision of up to ten characters.
        assert len(item["metadata"]["name"]) + 11 <= 63, item["metadata"]["name"]
