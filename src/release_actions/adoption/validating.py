"""Everything that can be known about an adoption without a network: configuration, callers, Dockerfiles, paths.

Reads the workspace, runs nothing, and reports every mistake in one list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from release_actions.adoption.caller_rules import judge_caller
from release_actions.adoption.callers import Caller, list_callers
from release_actions.adoption.danger_rules import judge_cleaner
from release_actions.adoption.dockerfile_rules import judge_dockerfiles
from release_actions.adoption.rules import Hit, make_finding
from release_actions.adoption.suite import Suite
from release_actions.adoption.trigger_rules import judge_trigger
from release_actions.adoption.value_rules import (
    InputsOf,
    judge_names,
    judge_patterns,
    judge_rule_patterns,
    judge_values,
)
from release_actions.builds.path_check import find_missing_paths, find_missing_version_file
from release_actions.builds.path_coverage import find_uncovered
from release_actions.components.document import load_components
from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_whole, shapes
from release_actions.config.schedule import ScheduleForm
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, Place, Problem
from release_actions.runner.nearest_path import suggest_path
from release_actions.runner.report import Finding, Level
from release_actions.surface.yaml_tree import read_tree

WORKFLOWS = ".github/workflows"
READERS = frozenset(
    {
        "build-image.yml",
        "build-matrix",
        "ci-release.yaml",
        "nightly-build-image.yml",
        "promote",
        "protect-latest",
        "rc-teardown",
        "release-gate",
        "release-plan",
    }
)
"""What reads the configuration in every run."""

LOCAL_ACTIONS = ".github/actions"
MISNAMED = ("release.yml", ".github/release.yaml", ".release.yaml")
"""Where people put the file, and where it is not read."""

SCHEDULE = shapes.RecordOf("the schedule", ScheduleForm)
ENDINGS = (".yml", ".yaml")


@dataclass
class Validation:
    """One check of a workspace. `texts` has each file that was read, `callers` what calls this suite."""

    workspace: Path
    suite: Suite
    inputs_of: InputsOf
    texts: dict[str, str] = field(default_factory=dict)
    callers: list[Caller] = field(default_factory=list)
    configs: dict[str, Config | None] = field(default_factory=dict)

    def run(self, config: str, components: str) -> list[Finding]:
        """Every finding, by file and line. `config` and `components` are paths, each empty where there is no file."""
        findings = list(self.read_config(config)) if config else []
        if components:
            findings += self.read_components(components)
        for file in list_workflow_files(self.workspace):
            findings += self.judge_file(file, config)
        unique = dict.fromkeys(findings)
        return sorted(unique, key=lambda finding: (finding.problem.place or Place(""), finding.rule))

    def read_config(self, file: str) -> Iterator[Finding]:
        """What is wrong with a configuration, and with what it names in the workspace."""
        self.configs[file] = None
        path = self.workspace / file
        try:
            config = self.configs[file] = load_whole(path, name=file)
        except ConfigurationError as error:
            yield from (as_finding(problem, "configuration") for problem in error.problems)
            self.keep_text(file)
            return
        self.keep_text(file)
        packages = (*config.published, *config.pull_requests)
        problems = (
            *find_missing_version_file(config, packages, self.workspace),
            *find_missing_paths(config, packages, self.workspace),
        )
        yield from (as_finding(problem, "missing-path") for problem in problems)
        yield from find_uncovered(config, packages, self.workspace)
        yield from judge_dockerfiles(config, packages, self.workspace)
        yield from judge_rule_patterns(config)

    def read_components(self, file: str) -> Iterator[Finding]:
        """What is wrong with the components file."""
        self.keep_text(file)
        try:
            load_components(self.workspace / file, name=file)
        except ConfigurationError as error:
            yield from (as_finding(problem, "components") for problem in error.problems)

    def judge_file(self, file: str, config: str) -> Iterator[Finding]:
        """What is wrong with the calls of one workflow or action."""
        try:
            text = read_text(self.workspace / file, name=file)
            tree = read_tree(text, file)
        except ConfigurationError as error:
            yield from (as_finding(problem, "unreadable") for problem in error.problems)
            return
        self.texts[file] = text
        for caller in list_callers(tree, text):
            if not caller.is_of_suite(self.suite.addresses):
                yield from judge_cleaner(caller)
                continue
            self.callers.append(caller)
            yield from judge_caller(caller, self.suite)
            yield from self.judge_words(caller, config)

    def judge_words(self, caller: Caller, config: str) -> Iterator[Finding]:
        """What is wrong with the values that a call passes."""
        offer = self.suite.find(caller)
        if offer.interface is not None:
            yield from judge_values(caller, offer.interface, self.inputs_of)
        named = caller.inputs.get("config")
        file = named.text if named is not None and named.is_known and named.text else config
        if named is not None and named.is_known and named.text and named.text not in self.configs:
            if not (self.workspace / file).is_file():
                hit = self.make_missing(file)
                yield make_finding("missing-path", hit, named.place)
            else:
                yield from self.read_config(file)
        yield from self.judge_schedule(caller)
        if not file and needs_configuration(caller):
            hit = Hit(f"{caller.name} reads {CONFIG}, which does not exist.", self.explain_missing())
            yield make_finding("missing-path", hit, caller.place)
        known = self.configs.get(file)
        yield from judge_names(caller, known, file)
        yield from judge_patterns(caller)
        yield from judge_trigger(caller, known)

    def judge_schedule(self, caller: Caller) -> Iterator[Finding]:
        """What is wrong with the schedule that a call of release-tracker names."""
        named = caller.inputs.get("schedule")
        if caller.name != "release-tracker" or named is None or not named.is_known or not named.text:
            return
        if not (self.workspace / named.text).is_file():
            hit = self.make_missing(named.text)
            yield make_finding("missing-path", hit, named.place)
            return
        self.keep_text(named.text)
        try:
            shapes.load(read_text(self.workspace / named.text, name=named.text), SCHEDULE, file=named.text)
        except ConfigurationError as error:
            yield from (as_finding(problem, "schedule") for problem in error.problems)

    def make_missing(self, file: str) -> Hit:
        """What is wrong with a path that a call names."""
        hint = suggest_path(file, self.workspace) or "Correct the path, or add the file."
        return Hit(f"There is no file {file} in the repository.", hint)

    def explain_missing(self) -> str:
        """What to do without a configuration: rename what was meant, or write one."""
        near = [name for name in MISNAMED if (self.workspace / name).is_file()]
        return f"Rename {near[0]} to {CONFIG}." if near else "Run release-actions init, or write it by hand."

    def keep_text(self, file: str) -> None:
        path = self.workspace / file
        if path.is_file():
            self.texts[file] = path.read_bytes().decode(errors="replace")


def needs_configuration(caller: Caller) -> bool:
    """Whether a call cannot do without release.yaml. A clean-up can, as long as it does not refer to it."""
    if caller.name == "ghcr-cleanup":
        return "rule" in caller.inputs or "channel" in caller.inputs
    return caller.name in READERS


def as_finding(problem: Problem, rule: str) -> Finding:
    return Finding(Level.ERROR, problem, rule)


def list_workflow_files(workspace: Path) -> Iterator[str]:
    """Workflows, and the actions that a repository keeps for itself, relative to it."""
    folder = workspace / WORKFLOWS
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.suffix in ENDINGS and file.is_file():
            yield file.relative_to(workspace).as_posix()
    for file in sorted((workspace / LOCAL_ACTIONS).rglob("action.y*ml")):
        if file.suffix in ENDINGS:
            yield file.relative_to(workspace).as_posix()
