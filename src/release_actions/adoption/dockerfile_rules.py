"""Judges Dockerfiles against release.yaml: the stage that is built, and the arguments that are passed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from release_actions.adoption.rules import Findings, Hit, make_finding
from release_actions.builds.dockerfile import read_instructions, read_variables
from release_actions.builds.stage_check import RULE, list_missing_stages
from release_actions.config import Config, Package, shapes
from release_actions.runner.report import Level

TAKEN_BY_BUILDKIT = re.compile(r"(?i:(?:https?|ftp|no|all)_proxy)|BUILDKIT_.*|SOURCE_DATE_EPOCH")
"""Arguments that BuildKit takes without an ARG (docs.docker.com/build/building/variables)."""


def judge_dockerfiles(config: Config, packages: Iterable[Package], workspace: Path) -> Findings:
    """Targets that are no stage, and arguments that nothing takes."""
    seen = set()
    for package in packages:
        file = workspace / package.dockerfile
        mark = (package.dockerfile, package.image, package.variant)
        # What another repository brings, and what a command builds, is not known before the build.
        if mark in seen or package.recipe.command or package.recipe.source or not file.is_file():
            continue
        seen.add(mark)
        text = file.read_bytes().decode(errors="replace")
        yield from judge_target(config, package, text)
        yield from judge_arguments(config, package, text)


def judge_target(config: Config, package: Package, text: str) -> Findings:
    """A stage that the Dockerfile does not have."""
    for problem in list_missing_stages(config, package, text):
        yield make_finding(RULE, Hit(problem.message, problem.hint), problem.place or config.at())


def judge_arguments(config: Config, package: Package, text: str) -> Findings:
    """Arguments that no ARG takes. Those of `defaults` are for all images, and need not fit each."""
    taken = {
        name
        for instruction in read_instructions(text)
        if instruction.name == "ARG"
        for name, _ in read_variables(instruction)
    }
    own = config.origin.child("images")
    image = own.child(package.image) if own else None
    written = image.child("build-args") if image else None
    for name in package.build_args:
        is_own = written is not None and written.child(name) is not None
        if is_own and name not in taken and not TAKEN_BY_BUILDKIT.fullmatch(name):
            message = f"{package.dockerfile} has no ARG {name}, so what '{package.image}' passes does nothing."
            hint = shapes.suggest_nearest(name, sorted(taken)) or f"Write ARG {name} in the stage that uses it."
            place = config.place_of(package, "build-args", name)
            yield make_finding("dockerfile-argument", Hit(message, hint), place, Level.WARNING)
