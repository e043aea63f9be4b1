"""The copy of our workflows that act plays is the workflow, but for a job for each leg of a matrix with slots."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.e2e import legs
from tests.e2e.pipeline import OURS, WORKFLOWS


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", [file.name for file in OURS])
def test_the_copy_put_together_again_is_the_workflow(name: str) -> None:
    workflow = read(name)

    copied = legs.split(workflow)

    assert legs.joined(copied, workflow) == workflow


def test_every_leg_is_a_job_of_its_own_that_later_jobs_wait_for() -> None:
    copied = legs.split(read("build-and-publish.yml"))["jobs"]

    for name in ("build", "command", "scan"):
        assert name not in copied
        assert {f"{name}-{leg}" for leg in range(legs.LEGS)} < set(copied)
    assert {f"build-{leg}" for leg in range(legs.LEGS)} < set(copied["merge"]["needs"])


def test_a_leg_that_is_changed_is_noticed() -> None:
    workflow = read("build-and-publish.yml")
    copied = legs.split(workflow)
    copied["jobs"]["build-3"]["permissions"]["contents"] = "write"

    with pytest.raises(AssertionError):
        legs.joined(copied, workflow)
