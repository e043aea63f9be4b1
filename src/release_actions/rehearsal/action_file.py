"""Reads the `action.yml` of a composite action as the runner reads it: what is not allowed is an error, found first.

Scalars stay the text that was written: to the runner, inputs and environment variables are texts. Nested actions
(`uses:` steps) are refused: the actions of this suite have none, and nothing may be downloaded.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import yaml

from release_actions.errors import ConfigurationError, Place
from release_actions.runner.expressions import Condition, ExpressionError, Template

DEFAULT_CONTEXTS = frozenset({"github", "job", "runner"})
STEP_CONTEXTS = DEFAULT_CONTEXTS | {"inputs", "steps", "env"}
"""Contexts that the platform offers in these places and that are filled here. `strategy` and `matrix` are not."""

_STEP_KEYS = frozenset({"name", "id", "if", "env", "continue-on-error", "working-directory", "shell", "run"})


@dataclass(frozen=True)
class Input:
    """An input as the manifest declares it. `required` is only a word: the platform does not enforce it."""

    name: str
    description: str
    default: Template
    required: bool
    deprecation: str


@dataclass(frozen=True)
class Output:
    """An output of the action."""

    name: str
    description: str
    value: Template


@dataclass(frozen=True)
class Step:
    """A `run` step."""

    id: str
    name: str
    condition: Condition
    shell: Template
    script: Template
    environment: Mapping[str, Template]
    directory: Template
    continue_on_error: Template


@dataclass(frozen=True)
class Action:
    """A composite action."""

    file: Path
    name: str
    description: str
    author: str
    branding: Mapping[str, str]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    steps: tuple[Step, ...]


def read(folder: Path) -> Action:
    """Read the action in a folder. Raises `ConfigurationError` with the file, and the line where YAML knows it."""
    file = next((path for path in (folder / "action.yml", folder / "action.yaml") if path.is_file()), None)
    if file is None:
        message = f"There is no action.yml in {folder}."
        raise ConfigurationError(message, place=Place(str(folder)))
    state = file.stat()
    return _read(file, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=64)
def _read(file: Path, _changed: int, _size: int) -> Action:
    """The action of a file in one state: a rehearsal runs the same few actions dozens of times."""
    try:
        return _Reader(file).action(yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader))  # noqa: S506  # gives texts only
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(str(file), mark.line + 1, mark.column + 1) if mark else Place(str(file))
        message = f"The manifest is not YAML: {error.problem}."
        raise ConfigurationError(message, place=place) from error
    except ExpressionError as error:
        raise ExpressionError(error.problems[0].message, hint=error.hint, place=Place(str(file))) from error


class _Reader:
    """Turns what YAML gives into an `Action`, or says what is wrong in which file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def action(self, data: object) -> Action:
        top = self.mapping(data, "The manifest")
        runs = self.mapping(top.get("runs", {}), "'runs'")
        if runs.get("using") != "composite":
            self.refuse(f"Only composite actions can be run, this one says using: {runs.get('using', '')!r}.")
        steps = runs.get("steps", [])
        if not isinstance(steps, list):
            self.refuse("'runs.steps' is not a list.")
        return Action(
            file=self.file,
            name=self.text(top.get("name", ""), "'name'"),
            description=self.text(top.get("description", ""), "'description'"),
            author=self.text(top.get("author", ""), "'author'"),
            branding={
                key: self.text(value, f"'branding.{key}'")
                for key, value in self.mapping(top.get("branding", {}), "'branding'").items()
            },
            inputs=tuple(
                self.input(name, self.mapping(value, f"The input '{name}'"))
                for name, value in self.mapping(top.get("inputs", {}), "'inputs'").items()
            ),
            outputs=tuple(
                self.output(name, self.mapping(value, f"The output '{name}'"))
                for name, value in self.mapping(top.get("outputs", {}), "'outputs'").items()
            ),
            steps=tuple(
                self.step(number, self.mapping(step, f"Step {number}")) for number, step in enumerate(steps, 1)
            ),
        )

    def input(self, name: str, data: Mapping[str, object]) -> Input:
        what = f"input '{name}'"
        return Input(
            name=name,
            description=self.text(data.get("description", ""), f"The description of {what}"),
            default=Template.read(self.text(data.get("default", ""), f"The default of {what}"), DEFAULT_CONTEXTS),
            required=data.get("required") == "true",
            deprecation=self.text(data.get("deprecationMessage", ""), f"The deprecationMessage of {what}"),
        )

    def output(self, name: str, data: Mapping[str, object]) -> Output:
        if "value" not in data:
            self.refuse(f"The output '{name}' has no value.")
        value = self.text(data["value"], f"The value of output '{name}'")
        about = self.text(data.get("description", ""), f"The description of output '{name}'")
        return Output(name, about, Template.read(value, STEP_CONTEXTS))

    def step(self, number: int, data: Mapping[str, object]) -> Step:
        if "uses" in data:
            self.refuse(
                f"Step {number} uses {data['uses']!r}: nested actions are not run here.",
                "Call the launcher in a run step instead.",
            )
        for key in data:
            if key not in _STEP_KEYS:
                self.refuse(f"Step {number} has the key {key!r}, which a composite action's step cannot have.")
        for key in ("run", "shell"):
            if key not in data:
                self.refuse(f"Step {number} has no {key!r}, which a composite action's step needs.")

        def template(key: str) -> Template:
            return Template.read(self.text(data.get(key, ""), f"'{key}' of step {number}"), STEP_CONTEXTS)

        environment = self.mapping(data.get("env", {}), f"'env' of step {number}")
        return Step(
            id=self.text(data.get("id", ""), f"'id' of step {number}"),
            name=self.text(data.get("name", ""), f"'name' of step {number}"),
            condition=Condition.read(self.text(data.get("if", ""), f"'if' of step {number}"), STEP_CONTEXTS),
            shell=template("shell"),
            script=template("run"),
            environment={
                key: Template.read(self.text(value, f"'env.{key}' of step {number}"), STEP_CONTEXTS)
                for key, value in environment.items()
            },
            directory=template("working-directory"),
            continue_on_error=template("continue-on-error"),
        )

    def mapping(self, data: object, what: str) -> Mapping[str, object]:
        if data in ("", None):
            return {}
        if not isinstance(data, dict):
            self.refuse(f"{what} is not a mapping.")
        return data

    def text(self, data: object, what: str) -> str:
        if not isinstance(data, str):
            self.refuse(f"{what} is not a text.")
        return data

    def refuse(self, message: str, hint: str = "") -> NoReturn:
        raise ConfigurationError(message, hint=hint, place=Place(str(self.file)))
