"""Whether the stages that an image is built from are in its Dockerfile. A misspelt one fails every build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from release_actions.builds.dockerfile import read_stages
from release_actions.config import Config, Package
from release_actions.errors import Problem

RULE = "dockerfile-target"


def find_missing_stages(config: Config, packages: Iterable[Package], workspace: Path) -> Iterator[Problem]:
    """A problem for each stage that a Dockerfile of the checkout does not have, once for each place."""
    seen: set[Problem] = set()
    for package in packages:
        file = workspace / package.dockerfile
        names_stage = package.target or package.recipe.prebuild_target
        # What another repository brings, and what a command builds, is not known before the build.
        if not names_stage or package.recipe.command or package.recipe.source or not file.is_file():
            continue
        for problem in list_missing_stages(config, package, file.read_bytes().decode(errors="replace")):
            if problem not in seen:
                seen.add(problem)
                yield problem


def list_missing_stages(config: Config, package: Package, text: str) -> Iterator[Problem]:
    """A problem for each stage that a Dockerfile's text lacks. BuildKit compares without case, and takes numbers."""
    stages = [stage.name for stage in read_stages(text, {})]
    known = {name.lower() for name in stages if name} | {str(number) for number in range(len(stages))}
    for steps, stage in ((("target",), package.target), (("prebuild", "target"), package.recipe.prebuild_target)):
        if stage and stage.lower() not in known:
            from release_actions.config.shapes import suggest_nearest  # only once something is missing

            message = f"{package.dockerfile} has no stage '{stage}', which the image '{package.image}' is built from."
            hint = suggest_nearest(stage, [name for name in stages if name]) or f"Write FROM … AS {stage}."
            yield Problem(message, hint, config.place_of(package, *steps))
