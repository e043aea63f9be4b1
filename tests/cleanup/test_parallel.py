"""Several packages are read and cleaned at the same time, each as if it were alone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any

import pytest
from tests.cleanup.command import CUDA, Clean, digests, image, messages, parts, pulls

from release_actions.cleanup import apply, parallel
from release_actions.cleanup.pace import Limits
from release_actions.errors import ExitCode
from release_actions.github.packages import Packages, Refusal
from release_actions.simulator import Simulator, World
from release_actions.simulator.faults import Fault

AWS = "llm-d/llm-d-aws"
BOTH = {"packages": "llm-d-cuda,llm-d-aws", "delete_tags": "*-rc.*"}
SECONDS = 10.0
"""Longest wait for another package: a failure, and no part of any promise."""

Delete = Callable[[Packages, str, int], Refusal | None]


@pytest.fixture(autouse=True)
def two_packages(world: World) -> None:
    world.add_package(AWS, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, AWS):
        for number in range(3):
            world.push(path, image(f"{path} {number}"), [f"v0.{number}.0-rc.1"])
        world.push(path, image(f"{path} final"), ["v0.2.0"])


@pytest.fixture
def replace_delete(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Delete], Delete]], None]:
    real = Packages.delete_version
    return lambda make: monkeypatch.setattr(Packages, "delete_version", make(real))


def test_packages_are_cleaned_at_the_same_time(world: World, clean: Clean, replace_delete: Any) -> None:
    both = threading.Barrier(2)
    first: set[str] = set()

    def make(real: Delete) -> Delete:
        def delete(packages: Packages, name: str, version_id: int) -> Refusal | None:
            if name not in first:
                first.add(name)
                # Passes only when the other package is being deleted from, too.
                both.wait(SECONDS)
            return real(packages, name, version_id)

        return delete

    replace_delete(make)
    report = clean(**BOTH)

    assert report.exit_code is ExitCode.PASS
    for path in (CUDA, AWS):
        assert digests(world, path) == parts(image(f"{path} final"))
        assert pulls(world, path)


def test_a_package_that_may_not_be_changed_does_not_stop_the_others(
    world: World, clean: Clean, replace_delete: Any
) -> None:
    refused = threading.Event()

    def make(real: Delete) -> Delete:
        def delete(packages: Packages, name: str, version_id: int) -> Refusal | None:
            if name == "llm-d-cuda":
                refused.set()
                return Refusal(403, "Resource not accessible by integration")
            # The other package is over, with all that it does at its end, before this one begins.
            refused.wait(SECONDS)
            time.sleep(0.3)
            return real(packages, name, version_id)

        return delete

    replace_delete(make)
    report = clean(**BOTH)

    assert report.exit_code is not ExitCode.PASS
    assert "v0.1.0-rc.1" in world.tags(CUDA)
    assert digests(world, AWS) == parts(image(f"{AWS} final"))


def test_a_signal_ends_all_packages_and_the_report_names_what_is_left(
    world: World, clean: Clean, replace_delete: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "WORKERS", 1)
    begun = threading.Barrier(3)
    seen: set[str] = set()

    def interrupted(futures: Any, timeout: float) -> Any:
        if timeout == parallel.ENDING:
            return wait(futures, timeout)
        begun.wait(SECONDS)
        raise KeyboardInterrupt

    def make(real: Delete) -> Delete:
        def delete(packages: Packages, name: str, version_id: int) -> Refusal | None:
            if name not in seen:
                seen.add(name)
                begun.wait(SECONDS)
                time.sleep(0.3)
            return real(packages, name, version_id)

        return delete

    monkeypatch.setattr(parallel, "wait", interrupted)
    replace_delete(make)
    report = clean(**BOTH)

    assert report.exit_code is ExitCode.INTERRUPTED
    for path in (CUDA, AWS):
        # What was under way ended, and nothing was begun after it.
        assert len(parts(image(f"{path} 0")) - digests(world, path)) == 1
        assert path in messages(report) + str(report.outputs["left"])


def test_packages_are_cleaned_one_after_another_where_few_requests_are_left(
    world: World, clean: Clean, replace_delete: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def make(real: Delete) -> Delete:
        def delete(packages: Packages, name: str, version_id: int) -> Refusal | None:
            order.append(name)
            return real(packages, name, version_id)

        return delete

    monkeypatch.setattr(Limits, "has_plenty", lambda *_: False)
    replace_delete(make)
    report = clean(**BOTH)

    assert report.exit_code is ExitCode.PASS
    # The journals of both are deleted at the end, after one last look at each.
    *images, first, second = order
    assert images == sorted(images, key=["llm-d-cuda", "llm-d-aws"].index)
    assert {first, second} == {"llm-d-cuda", "llm-d-aws"}
    assert world.tags(AWS).keys() == {"v0.2.0"}


@pytest.mark.usefixtures("one_at_a_time")
def test_a_signal_ends_all_packages_at_once(world: World, clean: Clean, simulator: Simulator) -> None:
    def interrupt(_world: World, _path: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)

    simulator.faults.add(Fault(method="DELETE", path="*cuda/versions/*", nth=2, steps=(interrupt,)))
    report = clean(**BOTH)

    assert report.exit_code is ExitCode.INTERRUPTED
    assert simulator.requests.count(method="DELETE") < 2 * 9
    for path in (CUDA, AWS):
        assert f"{path}: stopped by a signal" in messages(report)
    assert pulls(world, CUDA)
    assert pulls(world, AWS)
