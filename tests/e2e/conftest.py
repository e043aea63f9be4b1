"""What is made once for all workflows, and llm-d fresh for each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.act import interpreter
from tests.e2e.archive import lighten, unpack
from tests.e2e.diary import Record
from tests.e2e.llm_d import ROOT, LlmD
from tests.e2e.pipeline import Pipeline

from release_actions.rehearsal.action_runner import find_environments


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our repository as a runner downloads it, made light for act."""
    scratch = tmp_path_factory.mktemp("archive")
    return lighten(unpack(ROOT, scratch), scratch / "package")


@pytest.fixture(scope="session")
def environment() -> str:
    """Where the actions find their Python environment. Workflows run without a way to an index, so it is made here."""
    folder = find_environments()
    for command in ("validate-tag", "status"):
        subprocess.run(
            ["sh", str(ROOT / "release-actions"), command, "--help"],
            env={**os.environ, **interpreter(), "RELEASE_ACTIONS_CACHE": folder},
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=120,
        )
    return folder


@pytest.fixture
def llm_d(tmp_path: Path, repository: Path, environment: str) -> Iterator[LlmD]:
    """llm-d after v0.4.0."""
    started = LlmD.begin(tmp_path / "act", repository, environment)
    with started.simulator:
        yield started


@pytest.fixture
def pipeline(llm_d: LlmD, tmp_path: Path, record_property: Record) -> Pipeline:
    """llm-d after v0.4.0, with a git of its own whose images are really built."""
    return Pipeline.begin(llm_d, tmp_path / "pipeline", record_property)
