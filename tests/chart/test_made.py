"""Files that are made of the chart are up to date."""

import pytest
import yaml

import chart
import made


@pytest.mark.parametrize("path,text", made.files().items(), ids=lambda value: value.name if hasattr(value, "name") else "")
def test_a_made_file_is_up_to_date(path, text):
    assert path.exists() and path.read_text() == text, f"{path.relative_to(chart.ROOT)}: run make chart-write"


def test_the_plain_rules_are_those_of_the_chart():
    values = {"monitoring": {"rules": {"enabled": True, "selector": made.SERIES}}}
    rule = chart.rendered(values).one("PrometheusRule", "release-usher")
    assert yaml.safe_load(made.plain_rules()) == rule["spec"]
