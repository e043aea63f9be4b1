"""Several packages of a run at the same time: read and planned, or cleaned.

All of them share the pace and the limits of the run. It must never leave a package at work that a signal should stop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from release_actions.cleanup.apply import LAST_WORDS, count_pages
from release_actions.cleanup.finish import can_be_needed
from release_actions.cleanup.pace import Limits
from release_actions.cleanup.package import MEASURED, Sources, carry_out, clean_package, end_package, plan_package
from release_actions.cleanup.result import Result, Task
from release_actions.cleanup.store import Store
from release_actions.errors import ActionError
from release_actions.registry.client import GITHUB_TOKENS
from release_actions.registry.names import PackagePath
from release_actions.runner.context import Context
from release_actions.runner.report import counted
from release_actions.runner.workflow import Workflow

AT_ONCE = 6
"""Packages at a time: with 16 deletions of each there are less than 100 requests in flight, which is GitHub's limit."""

T = TypeVar("T")
R = TypeVar("R")

ENDING = LAST_WORDS + 1.0
"""Seconds that packages have to end after a signal."""


def map_at_once(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """What a function makes of packages, several at the same time, in their order. A signal ends it at once."""
    pool = ThreadPoolExecutor(max_workers=AT_ONCE)
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def log_in(tasks: Sequence[Task], stores: Mapping[PackagePath, Store]) -> None:
    """Ask for the token of each package where GitHub is known to give it out, which saves asking where that is."""
    for registry in {id(store.registry): store.registry for store in stores.values()}.values():
        with contextlib.suppress(ActionError):  # what is wrong is reported for the package that it is about
            registry.log_in([task.path for task in tasks], map_at_once, path=GITHUB_TOKENS)


def prepare_all(
    tasks: Sequence[Task],
    stores: Mapping[PackagePath, Store],
    context: Context,
    sources: Sources,
    log: Workflow,
    measured: int = MEASURED,
) -> list[Result]:
    """Read several packages at the same time and plan each. The log has them one after another."""
    said: dict[str, list[str]] = {task.path: [] for task in tasks}

    def plan(task: Task) -> Result:
        store = replace(stores[task.path], say=said[task.path].append)
        return plan_package(task, store, context, sources, measured)

    log_in(tasks, stores)
    results: list[Result] = []
    for task, result in zip(tasks, map_at_once(plan, tasks), strict=True):
        with log.group(f"Plan {task.path}"):
            for line in said[task.path]:
                log.info(line)
        results.append(result)
    return results


def carry_out_all(
    results: Sequence[Result], stores: Mapping[PackagePath, Store], limits: Limits, log: Workflow, now: datetime
) -> None:
    """Carry several plans out, and look at all packages once more after one pause.

    What happens is in the results' outcomes. Raises `KeyboardInterrupt` when stopped by a signal.
    """
    began = limits.now()
    clean_all(results, stores, limits, log, now)
    if any(can_be_needed(result.outcome) for result in results):
        limits.settle(began)
    for _ in map_at_once(lambda result: end_package(result, stores[result.task.path], now), results):
        pass


def clean_all(
    results: Sequence[Result], stores: Mapping[PackagePath, Store], limits: Limits, log: Workflow, now: datetime
) -> None:
    """Delete and check in several packages, at the same time where enough time and requests are left for all of them.

    Raises `KeyboardInterrupt` when stopped by a signal.
    """
    pages = {result.task.path: count_pages(result.contents) for result in results if result.plan and result.contents}
    planned = sum(result.planned for result in results)
    if len(pages) <= 1 or not limits.has_plenty(sum(pages.values()), planned):
        for result in results:
            carry_out(result, stores[result.task.path], limits, log, now)
        return

    def clean(result: Result) -> None:
        path = result.task.path
        others = sum(pages.values()) - pages.get(path, 0)
        clean_package(result, stores[path], replace(limits, others=others), now)

    pool = ThreadPoolExecutor(max_workers=AT_ONCE)
    with log.group(f"Clean up {counted(len(pages), 'package')}"):
        futures = [pool.submit(clean, result) for result in results]
        try:
            # With a timeout: a signal that another thread receives does not end a wait without one.
            while wait(futures, timeout=1.0).not_done:
                pass
        except KeyboardInterrupt:
            limits.interrupted.set()
            pool.shutdown(wait=False, cancel_futures=True)
            wait([future for future in futures if not future.cancelled()], timeout=ENDING)
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    for future in futures:
        future.result()
