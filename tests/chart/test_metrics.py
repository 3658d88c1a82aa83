"""Rules and dashboards against what usher exports, and against a real Prometheus that scraped it."""

import json
import re

import pytest
import yaml

import chart
import made
import promql
from lab import scraped_demo

# Labels of the target, which usher does not export.
TARGET = {"namespace", "job", "pod", "instance", "le"}
# Series that a demo does not have: no key has changed there. Held by usher's own tests of reloading.
SOMETIMES = {"usher_config_needs_restart": {"key": set()}}
DASHBOARDS = sorted((chart.CHART / "dashboards").glob("*.json"))
# The variables of the dashboards, as Grafana fills them in for this demo.
VARIABLES = {"$__rate_interval": "5m", "$__range": "15m", "$namespace": ".*", "$job": ".*", "$source": ".*", "$budget": "0.001"}


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with scraped_demo(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


def queries():
    """Each query of each dashboard, with its place and the legend."""
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                text = target["expr"]
                for name, value in VARIABLES.items():
                    text = text.replace(name, value)
                yield f"{path.stem}: {panel['title']}", text, target["legendFormat"]


def rules():
    for group in yaml.safe_load(made.plain_rules())["groups"]:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"], rule


def exported(text):
    """The labels of each metric with their values."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels = re.match(r"(\w+)(?:\{(.*)\})? ", line).groups()
            of = found.setdefault(name, {})
            for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""):
                of.setdefault(label, set()).add(value)
    return found


def faults(expression, metrics):
    """The metrics, labels and values that an expression names and that nothing has."""
    parsed = promql.parse(expression)
    for name, matchers in promql.selectors(parsed):
        if name not in metrics:
            yield name
            continue
        for matcher in matchers:
            if matcher.name not in TARGET:
                if matcher.name not in metrics[name]:
                    yield f"{name}{{{matcher.name}}}"
                for value in promql.named_values(matcher):
                    if value not in metrics[name].get(matcher.name, ()):
                        yield f'{name}{{{matcher.name}="{value}"}}'
    for labels, names in promql.grouped(parsed):
        had = TARGET.union(*(metrics.get(name, {}) for name in names))
        yield from (f"by ({label}) of {sorted(names)}" for label in labels if label not in had)


def test_metrics_labels_and_values_are_those_that_usher_exports(lab):
    metrics = SOMETIMES | exported(lab.exported)
    recorded = {name: {} for name, _, rule in rules() if "record" in rule}
    metrics |= recorded | {"up": {}}
    found = [f"{place}: {fault}" for place, text, *_ in [*queries(), *rules()] for fault in faults(text, metrics)]
    assert not found, "\n".join(found)


def test_the_test_of_names_finds_a_wrong_one(lab):
    metrics = exported(lab.exported)
    for wrong in ("usher_none_total", 'usher_runs{sate="held"}', 'usher_runs{state="hold"}', "sum by (scheme) (usher_runs)"):
        assert list(faults(wrong, metrics)), wrong


def test_each_query_of_the_dashboards_gives_data(lab):
    found = [place for place, text, _ in queries() if not lab.query(text)]
    assert not found, "\n".join(found)


def test_each_legend_names_labels_of_its_series(lab):
    for place, text, legend in queries():
        series = lab.query(text)[0]["metric"]
        for label in re.findall(r"\{\{(\w+)\}\}", legend):
            assert label in series or "vector(0)" in text, f"{place}: {label}"


def test_each_rule_is_evaluated(lab):
    told = [rule for group in lab.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in told} == {name for name, *_ in rules()}
    assert [rule["name"] for rule in told if rule["health"] == "err"] == []


def test_dashboards_can_be_told_apart_and_have_words():
    boards = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert len({board["uid"] for board in boards}) == len(boards) == 3
    for board in boards:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        for panel in board["panels"]:
            if panel["type"] != "row":
                assert panel["description"] and panel["fieldConfig"]["defaults"]["unit"]
                assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


def test_dashboards_link_to_runbooks_that_exist():
    headings = {line[3:].lower() for line in (chart.ROOT / "docs" / "runbooks.md").read_text().splitlines() if line.startswith("## ")}
    links = [link["url"] for path in DASHBOARDS for panel in json.loads(path.read_text())["panels"] for link in panel.get("links", [])]
    assert links
    assert {link.split("#")[1] for link in links} <= headings


def test_the_chart_brings_each_dashboard():
    values = {"monitoring": {"dashboards": {"enabled": True}, "rules": {"thresholds": {"intakeErrorBudget": 0.005}}}}
    maps = [item for item in chart.rendered(values).of("ConfigMap") if item["metadata"]["labels"].get("grafana_dashboard") == "1"]
    assert len(maps) == 3
    for item in maps:
        [(name, text)] = item["data"].items()
        assert len(text) < 256 * 1024
        brought, own = json.loads(text), json.loads((chart.CHART / "dashboards" / name.removeprefix("usher-")).read_text())
        [budget] = [variable for variable in brought["templating"]["list"] if variable["name"] == "budget"]
        assert budget["query"] == "0.005"
        budget["query"] = "0.001"
        assert brought == own
