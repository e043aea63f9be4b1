"""When tests run in several processes, that they show signs of life, and what they say at their end wherever they ran.

Loaded by `conftest.py`. What a test has to say comes as a property of its report, because the process that ran it may
not be the one that prints.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import worlds
from tests.e2e import diary

SECONDS_BETWEEN_LINES = 20.0
"""How often a line says how far the tests are. A watcher that kills a silent job must never see half a minute of it."""


LONGEST_FIRST = ("e2e", "rehearsal", "launcher", "contract", "manifests")
"""Folders of tests in the order in which they run; all others come after them."""


class Progress:
    """Writes a line every so often until it is stopped, however long a single test takes."""

    def __init__(self) -> None:
        # While a test runs, what is written to standard output is taken for the test's. A copy made now is not.
        self._output = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._began = time.monotonic()
        self._ended = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def pytest_sessionstart(self) -> None:
        """Begin: from here on the tests are collected."""
        self._thread.start()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that has ended."""
        self._ended += report.when == "teardown"

    def pytest_sessionfinish(self) -> None:
        """Stop before the summary, so that no line falls into it."""
        self._stopped.set()
        self._thread.join()
        self._output.close()

    def _run(self) -> None:
        while not self._stopped.wait(SECONDS_BETWEEN_LINES):
            print(f"\n[{time.monotonic() - self._began:.0f} s, {self._ended} tests]", file=self._output, flush=True)


def pytest_configure(config: pytest.Config) -> None:
    """Show progress, except in the processes that run tests for another."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(Progress(), "progress")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose single tests are long, so that no process is in one when the others have ended."""
    ranks = {folder: rank for rank, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.parent.name, len(ranks)))


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
