"""`perf-run.json`: what is said of all results of a folder, because their format cannot say it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from release_actions.errors import InputError
from release_actions.performance import json_text
from release_actions.performance.files import SIDECAR, name_of
from release_actions.performance.model import COMMIT_KEYS, ENGINE_KEYS, RUNNER_KEYS, Run, first_text, settings_of


def with_sidecar(run: Run, path: Path, workspace: Path) -> Run:
    """A run with what the nearest `perf-run.json` says and the result does not."""
    about = sidecar_above(absolute(Path.cwd() / path.parent), absolute(Path.cwd() / workspace))
    if not about:
        return run
    settings = {**settings_of(run.settings["tool"], about), **run.settings}
    return replace(
        run,
        settings=settings,
        commit=run.commit or first_text(about, COMMIT_KEYS),
        engine=run.engine or first_text(about, ENGINE_KEYS),
        runner=run.runner or first_text(about, RUNNER_KEYS),
        started=run.started or first_text(about, ("started", "date")),
    )


@functools.lru_cache(maxsize=1024)
def absolute(folder: Path) -> Path:
    """A folder without links, looked up once for all its files."""
    return folder.resolve()


@functools.lru_cache(maxsize=1024)
def sidecar_above(folder: Path, top: Path) -> Mapping[str, Any]:
    """The values of the nearest `perf-run.json` from a folder up to the top; empty when there is none.

    Raises `InputError` for one that is not a JSON object.
    """
    path = folder / SIDECAR
    if path.is_file():
        try:
            values = list(json_text.values_of(path.read_text(encoding="utf-8-sig")))
        except ValueError:
            values = []
        if len(values) == 1 and isinstance(values[0], Mapping):
            return values[0]
        message = f"{name_of(path, top)} is not a JSON object."
        raise InputError(message, hint='Write for example {"model": "org/name", "commit": "..."}.')
    if folder in {top, folder.parent}:
        return {}
    return sidecar_above(folder.parent, top)
