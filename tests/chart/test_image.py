"""The Dockerfile, as hadolint sees it."""

import subprocess

import chart


def test_hadolint_has_nothing_to_say():
    for dockerfile in chart.ROOT.glob("Dockerfile*"):
        done = subprocess.run(["hadolint", dockerfile], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
