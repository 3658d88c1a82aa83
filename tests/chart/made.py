"""The files that are made of the chart. As a program it writes them; a test holds that they are up to date."""

import json
import re
import string

import yaml

import chart
import dashboards
import kustomize


def values_table():
    """A table of all values, from the comments in values.yaml."""
    text = (chart.CHART / "values.yaml").read_text()
    defaults = yaml.safe_load(text)
    rows, place, comment, below = ["| value | default | meaning |", "|---|---|---|"], [], [], None
    for line in text.splitlines()[1:]:
        indent = len(line) - len(line.lstrip())
        key = re.match(r"\s*([A-Za-z]+):", line)
        if below is not None and indent > below and line.strip():
            continue
        below = None
        if line.strip().startswith("# "):
            comment.append(line.strip()[2:])
        elif key:
            place = place[: indent // 2] + [key[1]]
            default = defaults
            for part in place:
                default = default[part]
            if comment:
                rows.append(f"| `{'.'.join(place)}` | `{json.dumps(default)}` | {' '.join(comment)} |".replace("…", "..."))
                below = indent
            elif not isinstance(default, dict):
                raise ValueError(f"values.yaml: {'.'.join(place)} has no comment above it")
            comment = []
        else:
            comment = []
    return "\n".join(rows) + "\n"


KEYS = chart.CHART / "templates" / "_keys.tpl"


def keys():
    """The values that have a default, as a template: a value set to null is missing."""

    def walk(place, value):
        for key, inner in value.items():
            if inner is not None:
                yield ".".join([*place, key])
                # Resources, labels and security contexts are maps of the user's own.
                if isinstance(inner, dict) and key not in ("resources", "labels", "podSecurityContext", "securityContext"):
                    yield from walk([*place, key], inner)

    values = yaml.safe_load((chart.CHART / "values.yaml").read_text())
    lines = ["{{/* The values that are never missing. Made by `make chart-write` from values.yaml. */}}", '{{- define "usher.keys" -}}', *walk([], values), "{{- end -}}"]
    return "\n".join(lines) + "\n"


def readme():
    template = string.Template((chart.CHART / "README.md.tpl").read_text())
    example = {name: (chart.CHART / "ci" / f"{name}.yaml").read_text().split("\n", 1)[1] for name in ("embedded", "kafka")}
    return template.substitute(values=values_table(), **example)


# Any series of usher, for a Prometheus that has no operator to name its jobs.
SERIES = 'job=~".*usher.*"'

PLAIN = """# usher's alerts for a Prometheus without the operator: load it with `rule_files`. The job's name must contain `usher`.
# Made by `make chart-write` from usher.yaml.in, with the thresholds of the chart's values.
"""


def plain_rules():
    """The rules as a file for Prometheus, for any namespace."""
    rules = yaml.safe_load((chart.CHART / "values.yaml").read_text())["monitoring"]["rules"]
    text = (chart.CHART / "rules" / "usher.yaml.in").read_text()
    for name, value in {**rules["thresholds"], "series": SERIES}.items():
        text = text.replace(f"${{{name}}}", str(value))
    text = re.sub(r"^# .*\n", "", text, flags=re.MULTILINE)
    alert = None
    lines = []
    for line in text.splitlines():
        alert = line.split("alert: ")[1] if "- alert: " in line else alert
        lines.append(line)
        if line.strip().startswith("description:"):
            lines.append(f"          runbook_url: {rules['runbookUrl']}#{alert.lower()}")
    return PLAIN + "\n".join(lines) + "\n"


def files():
    """Each made file with its text."""
    own = {chart.CHART / "README.md": readme(), KEYS: keys()}
    return {**own, chart.CHART / "rules" / "usher.yaml": plain_rules(), **dashboards.files(), **kustomize.files()}


if __name__ == "__main__":
    # The other files are rendered with it.
    KEYS.write_text(keys())
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
