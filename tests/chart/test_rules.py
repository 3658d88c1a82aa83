"""The alerts: promtool accepts them, each fires when it should and keeps silent when it should not."""

import functools
import re
import subprocess

import pytest
import yaml

import chart
from alerts import ALERTS, OWN

ENABLED = {"monitoring": {"serviceMonitor": {"enabled": True}, "rules": {"enabled": True}}}


@functools.cache
def default_rules():
    return chart.rendered(ENABLED).one("PrometheusRule", "release-usher")["spec"]


def rules(*values):
    return chart.rendered(ENABLED, *values).one("PrometheusRule", "release-usher")["spec"] if values else default_rules()


def by_name(spec):
    return {rule["alert"]: rule for group in spec["groups"] for rule in group["rules"] if "alert" in rule}


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_the_rules(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rules()))
    assert "SUCCESS" in promtool("check", "rules", file)
    assert "SUCCESS" in promtool("check", "rules", chart.CHART / "rules" / "usher.yaml")


def test_no_placeholder_is_left_over():
    assert "${" not in yaml.safe_dump(rules())


def test_each_alert_has_its_runbook():
    text = (chart.ROOT / "docs" / "runbooks.md").read_text()
    headings = set(re.findall(r"^## (\w+)$", text, re.MULTILINE))
    for name, rule in by_name(rules()).items():
        assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks.md#{name.lower()}")
        assert name in headings, f"docs/runbooks.md has no heading for {name}"


def test_each_alert_is_tested():
    assert by_name(rules()).keys() == ALERTS.keys()


def series(wanted, job=None):
    own = {**OWN, "job": job or OWN["job"]}
    told = ",".join(f'{key}="{value}"' for key, value in own.items())
    for name, values in wanted.items():
        yield {"series": name.replace("{", f"{{{told},") if "{" in name else f"{name}{{{told}}}", "values": values}


def case(name, given, at, expected):
    return {"name": name, "interval": "1m", "input_series": list(given),
            "alert_rule_test": [{"alertname": name, "eval_time": at, "exp_alerts": expected}]}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_fires_and_keeps_silent(name, tmp_path):
    alert, rule = ALERTS[name], by_name(rules())[name]
    expected = {
        "exp_labels": {**OWN, "severity": alert.severity, **alert.labels},
        "exp_annotations": {**rule["annotations"], "description": alert.says},
    }
    cases = [case(name, series(alert.fires), alert.at, [expected])]
    assert alert.silent
    cases += [case(name, series(given), alert.at, []) for given in alert.silent]
    # The same trouble of another release in the namespace.
    others = [*series(alert.fires, job="other"), *series({"up": "1x100"})]
    cases.append(case(name, others, alert.at, []))
    evaluated([rule], cases, tmp_path)


def evaluated(alerts, cases, folder):
    """promtool with `alerts` alone, and the records if they read them: it evaluates all that it is given each minute."""
    records = [rule for group in rules()["groups"] for rule in group["rules"] if "record" in rule]
    needed = records if any("usher:" in rule["expr"] for rule in alerts) else []
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "tested", "rules": needed + alerts}]}))
    test = folder / "test.yaml"
    test.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": cases}))
    promtool("test", "rules", test)


def test_nothing_scraped_at_all_is_down(tmp_path):
    rule = by_name(rules())["UsherDown"]
    expected = {"exp_labels": {**OWN, "severity": "page"}, "exp_annotations": {**rule["annotations"], "description": ALERTS["UsherDown"].says}}
    evaluated([rule], [case("UsherDown", [], "10m", [expected])], tmp_path)


def test_values_change_thresholds_labels_and_what_is_left_out():
    spec = rules({"monitoring": {"rules": {
        "thresholds": {"feedLagSeconds": 1234, "slowSeconds": 10}, "additionalLabels": {"team": "identity"},
        "disabled": ["UsherThrottled"], "additionalGroups": [{"name": "mine", "rules": []}],
    }}})
    alerts = by_name(spec)
    assert alerts["UsherFeedBehind"]["expr"].endswith("> 1234")
    assert all(rule["labels"]["team"] == "identity" for rule in alerts.values())
    assert "UsherThrottled" not in alerts
    assert alerts.keys() | {"UsherThrottled"} == ALERTS.keys()
    assert any('le=~"10([.]0)?"' in rule["expr"] for group in spec["groups"] for rule in group["rules"])
    assert spec["groups"][-1]["name"] == "mine"


def test_each_threshold_is_used():
    thresholds = yaml.safe_load((chart.CHART / "values.yaml").read_text())["monitoring"]["rules"]["thresholds"]
    used = set(re.findall(r"\$\{(\w+)\}", (chart.CHART / "rules" / "usher.yaml.in").read_text()))
    assert used - {"series"} == thresholds.keys()


def test_a_pod_monitor_gives_the_job_another_name():
    values = {"monitoring": {"serviceMonitor": {"enabled": False}, "podMonitor": {"enabled": True}}}
    assert by_name(rules(values))["UsherDown"]["expr"].endswith('absent(up{namespace="people",job="people/release-usher"})')
