"""What `helm install` says."""

import chart


def notes(*values):
    arguments = ["install", "release", chart.CHART, "--namespace", "people", "--dry-run=client"]
    for value in values:
        arguments += ["--values", value]
    return chart.helm(*arguments).split("NOTES:\n")[1]


def test_each_way_of_running_has_notes(ci):
    text = notes(ci)
    assert "/webhooks/SOURCE" in text
    assert "port-forward" in text
    assert "%!" not in text


def test_the_token_is_read_from_its_secret():
    assert "{{ index .data \"admin-token\" | base64decode }}" in notes(chart.CHART / "ci" / "split.yaml")


def test_nothing_to_do_is_said():
    assert "There is no source yet" in notes()
