"""Each test of the chart's `ci` values runs once for each file."""

import pytest

import chart


def pytest_generate_tests(metafunc):
    if "ci" in metafunc.fixturenames:
        metafunc.parametrize("ci", chart.CI, ids=lambda path: path.stem)


@pytest.fixture
def objects(ci):
    """The objects that a `ci` file renders."""
    return chart.rendered(ci)
