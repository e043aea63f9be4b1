"""When tests run in several processes, and what they say at their end wherever they ran.

Loaded by `conftest.py`. What a test has to say comes as a property of its report, because the process that ran it may
not be the one that prints.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import worlds
from tests.e2e import diary


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run named files in this process, as workers take longer to start than most files; all else on every core."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return None
    named = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    return 0 if all(map(Path.is_file, named)) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many random worlds were judged, and what the workflows that were played did to the registry."""
    ended = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    reports = [report for report in ended if isinstance(report, pytest.TestReport) and report.when == "call"]
    for told in (worlds.told(reports), diary.told(reports)):
        if told:
            terminalreporter.write_line(told)


@pytest.fixture
def ran(record_property: Callable[[str, object], None]) -> worlds.Ran:
    """Counts a random world that was judged, by its kind."""
    return functools.partial(record_property, worlds.JUDGED)
