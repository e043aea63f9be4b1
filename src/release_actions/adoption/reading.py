"""Follows workflows through one event, job by job and step by step, to the references that they publish.

Knows the actions that most people build with. What it cannot follow is recorded with its line: nothing is left out in
silence, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from release_actions.adoption.events import Event
from release_actions.adoption.matrices import list_combinations
from release_actions.adoption.publications import BuildRecipe, Today
from release_actions.adoption.step_reading import JobState, read_step
from release_actions.adoption.unknown import Evaluator, UnknownValues
from release_actions.config.source import read_text
from release_actions.errors import ActionError
from release_actions.surface.yaml_tree import Tree, read_tree

IMAGES = re.compile("docker|image|container|publish|release", re.IGNORECASE)
"""What the name of a workflow has that may publish images."""

DEEPEST = 4
"""Workflows that call each other, one inside the other (GitHub's own limit is ten)."""


@dataclass
class RunReader:
    """One event's way through a workflow. `answers`: values of secrets and variables that a person gave."""

    workspace: Path
    today: Today
    event: Event
    now: datetime
    answers: Mapping[str, str]
    digests: dict[str, list[BuildRecipe]] = field(default_factory=dict)

    def read(self, file: str, inputs: Mapping[str, str] | None = None, depth: int = 0) -> dict[str, str]:
        """Read a workflow. Returns its outputs, as far as they are known."""
        tree = read_tree(read_text(self.workspace / file, name=file), file)
        self.today.files.setdefault(file, set())
        given = {**self._read_defaults(tree, is_called=inputs is not None), **(inputs or {})}
        reads: list[str] = []
        contexts: dict[str, Any] = {
            "github": self._github(given),
            "inputs": given,
            "env": {},
            "needs": {},
            "matrix": {},
            "steps": {},
            "runner": {"os": "Linux", "arch": "X64", "temp": "/tmp"},  # noqa: S108  # a name in a text
            "job": {},
            "strategy": {},
            **{name: UnknownValues(name, self._answers_for(name), reads) for name in ("vars", "secrets")},
        }
        evaluator = Evaluator(contexts, reads)
        contexts["env"] = _render_all(tree.below("env"), evaluator)
        jobs = tree.below("jobs")
        for name in order_jobs(jobs):
            self._read_job(jobs.below(name), name, contexts, (reads, file, depth))
        outputs = tree.below("on").below("workflow_call").below("outputs")
        whole = Evaluator({**contexts, "jobs": contexts["needs"]}, reads)
        return {name: whole.render(outputs.below(name).text("value").replace("jobs.", "needs.")) for name in outputs}

    def _github(self, inputs: Mapping[str, str]) -> dict[str, object]:
        context = self.event.context()
        payload = context["event"]
        if self.event.name == "workflow_dispatch" and isinstance(payload, dict):
            context["event"] = {**payload, "inputs": dict(inputs)}
        return {**context, "token": "", "workflow": "", "job": "", "workspace": "."}

    def _answers_for(self, context: str) -> dict[str, str]:
        return {key.partition(".")[2]: value for key, value in self.answers.items() if key.startswith(f"{context}.")}

    def _read_defaults(self, tree: Tree, *, is_called: bool) -> dict[str, str]:
        trigger = "workflow_call" if is_called else "workflow_dispatch"
        if not is_called and self.event.name != trigger:
            return {}
        declared = tree.below("on").below(trigger).below("inputs")
        return {name: declared.below(name).text("default") for name in declared}

    def _read_job(self, job: Tree, name: str, contexts: dict[str, Any], way: tuple[list[str], str, int]) -> None:
        reads, file, depth = way
        evaluator = Evaluator(contexts, reads)
        needed = job.below("needs").items() or [job.below("needs").scalar()]
        if any(each and each not in contexts["needs"] for each in needed) or not evaluator.holds(job.text("if")):
            return
        self._keep_assumed(evaluator, job, "if")
        combinations = list_combinations(job.below("strategy"), evaluator)
        if combinations is None:
            self.today.unmoved.setdefault(f"The matrix of the job '{name}' is made in a run.", job.place("strategy"))
            combinations = [{}]
        outputs: dict[str, str] = {}
        for combination in combinations:
            own = Evaluator({**contexts, "matrix": combination, "steps": {}}, reads)
            if "uses" in job:
                outputs |= self._call(job, own, file, depth)
            else:
                outputs |= self._read_steps(job, own, file)
        known = UnknownValues(f"needs.{name}.outputs", outputs, reads)
        contexts["needs"][name] = {"outputs": known, "result": "success"}

    def _call(self, job: Tree, evaluator: Evaluator, file: str, depth: int) -> dict[str, str]:
        address = job.text("uses")
        inputs = _render_all(job.below("with"), evaluator)
        path = address.removeprefix("./")
        if not address.startswith("./") or depth >= DEEPEST or not (self.workspace / path).is_file():
            if IMAGES.search(address):
                message = f"The workflow {address} is not in this repository, and what it publishes is not moved."
                self.today.unmoved.setdefault(message, job.place("uses"))
            return {}
        self.today.files.setdefault(path, set()).add(file)
        return self.read(path, inputs, depth + 1)

    def _read_steps(self, job: Tree, evaluator: Evaluator, file: str) -> dict[str, str]:
        environ = {**evaluator.contexts["env"], **_render_all(job.below("env"), evaluator)}  # type: ignore[dict-item]
        contexts = {**evaluator.contexts, "env": UnknownValues("env", environ, evaluator.reads)}
        own = Evaluator(contexts, evaluator.reads)
        state = JobState(self.event, self.today, self.digests, self.now, own)
        self._follow(job.below("steps").trees(), state, file, 0)
        return {name: own.render(job.below("outputs").text(name)) for name in job.below("outputs")}

    def _follow(self, steps: list[Tree], state: JobState, file: str, depth: int) -> None:
        for step in steps:
            address = step.text("uses")
            if not state.evaluator.holds(step.text("if")):
                continue
            self._keep_assumed(state.evaluator, step, "if")
            action = self._find_local_action(address)
            if action is not None and depth < DEEPEST:
                inputs = _render_all(step.below("with"), state.evaluator)
                declared = action.below("inputs")
                defaults = {name: declared.below(name).text("default") for name in declared}
                contexts = {**state.evaluator.contexts, "inputs": {**defaults, **inputs}, "steps": {}}
                inner = JobState(
                    self.event, self.today, self.digests, self.now, Evaluator(contexts, state.evaluator.reads)
                )
                self._follow(action.below("runs").below("steps").trees(), inner, file, depth + 1)
            else:
                read_step(step, state)

    def _find_local_action(self, address: str) -> Tree | None:
        if not address.startswith("./"):
            return None
        for name in ("action.yml", "action.yaml"):
            path = self.workspace / address / name
            if path.is_file():
                return read_tree(read_text(path), str(path.relative_to(self.workspace)))
        return None

    def _keep_assumed(self, evaluator: Evaluator, holder: Tree, key: str) -> None:
        for text in evaluator.assumed:
            self.today.assumed.setdefault(text, holder.place(key))
        evaluator.assumed.clear()


def _render_all(tree: Tree, evaluator: Evaluator) -> dict[str, str]:
    return {name: evaluator.render(tree.text(name)) for name in tree}


def order_jobs(jobs: Tree) -> Iterator[str]:
    """The names of jobs, each after those that it needs; without jobs that need each other, which GitHub refuses."""
    done: list[str] = []
    waiting = list(jobs)
    # Ends, since a round that adds nothing is the last one.
    while waiting:
        ready = [
            name for name in waiting if all(each in done or each not in jobs for each in _list_needs(jobs.below(name)))
        ]
        if not ready:
            return
        yield from ready
        done += ready
        waiting = [name for name in waiting if name not in done]


def _list_needs(job: Tree) -> list[str]:
    below = job.below("needs")
    return below.items() or [text for text in [below.scalar()] if text]


def list_triggers(workspace: Path, file: str) -> Tree:
    """What starts a workflow; nothing for one that cannot be read."""
    try:
        return read_tree(read_text(workspace / file, name=file), file).below("on")
    except ActionError:
        return Tree(None, file)
