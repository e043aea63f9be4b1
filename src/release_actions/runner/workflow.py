"""The runner's side of an action: log, groups, annotations, masks, outputs and the job summary.

Built on `actions_toolkit.core`. What the platform limits is limited here first, and text from outside can never
become a workflow command. Away from a runner the same calls print plain text. This module must never print a secret:
a mask is only announced where a runner is there to swallow it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping

from release_actions.errors import ActionError, InputError
from release_actions.runner import lazy, markdown
from release_actions.runner.characters import LINE_ENDS, replace_invisible
from release_actions.runner.redaction import SHORTEST_SECRET, Redactor
from release_actions.runner.report import Finding, Level, Output

with lazy.postpone_import("requests"):
    from actions_toolkit import core

ANNOTATIONS = 8
"""Annotations per level before the rest go to the log. The platform shows ten a step, and a composite's inner steps
share the caller's budget (actions/runner ExecutionContext)."""

ANNOTATION_LENGTH = 4096
OUTPUT_LIMIT = 500_000
"""Characters of all outputs together. The platform allows 1 MB a job, counted as UTF-16."""


def make_harmless(text: str) -> str:
    """Text from outside as log lines that no runner takes for a command.

    A command is `::` at the start of a line, after blanks, or `##[` anywhere (actions/runner ActionCommand). Control
    characters would hide or overwrite what was printed before, and marks of direction show it in another order.
    """
    lines = []
    for line in re.split(rf"\r\n|[{LINE_ENDS}]", text):
        clean = replace_invisible(line).replace("##[", "# #[")
        lines.append(re.sub(r"^(\s*):(?=:)", r"\1: ", clean))
    return "\n".join(lines)


class Workflow:
    """Speaks to the runner, or to a person when there is none.

    `environ` needs GITHUB_ACTIONS, GITHUB_OUTPUT and GITHUB_STEP_SUMMARY where they exist. `redactor` knows the secrets
    of this run; who sends requests shares it.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.redactor = Redactor()
        self._shown = dict.fromkeys(Level, 0)
        self.on_runner = environ.get("GITHUB_ACTIONS") == "true"

    def info(self, text: str) -> None:
        """Print lines to the log."""
        with read_or_not():
            core.info(make_harmless(self.redact(text)))
            sys.stdout.flush()

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold the log lines printed inside."""
        line = make_harmless(self.redact(title)).replace("\n", " ")
        with read_or_not():
            if self.on_runner:
                core.start_group(line)
            else:
                core.info(line)
        try:
            yield
        finally:
            if self.on_runner:
                core.end_group()

    def mask(self, secret: str) -> None:
        """Never show this text again, here or in later steps."""
        self.redactor.hide(secret)
        if self.on_runner:
            for line in secret.splitlines():
                if len(line) >= SHORTEST_SECRET:
                    core.set_secret(line)

    def redact(self, text: str) -> str:
        """The text without the secrets of this run."""
        return self.redactor.redact(text)

    def annotate(self, finding: Finding) -> None:
        """Show a finding as an annotation while the level's budget lasts, then as a log line."""
        problem = finding.problem
        message = self.redact(f"{problem.message}\n{problem.hint}" if problem.hint else problem.message)
        level = finding.level
        self._shown[level] += 1
        if not self.on_runner:
            where = f"{problem.place}: " if problem.place else ""
            self.info(f"{where}{level.value}: {message}")
        elif self._shown[level] > ANNOTATIONS:
            self.info(f"{level.value}: {problem.place or ''} {message}")
        else:
            say = getattr(core, level.value)
            say(shorten(make_harmless(message), ANNOTATION_LENGTH), **self._properties(finding))
        sys.stdout.flush()

    def close(self) -> None:
        """Say how many findings are in the log only."""
        for level, count in self._shown.items():
            if self.on_runner and count > ANNOTATIONS:
                say = getattr(core, level.value)
                say(f"{count - ANNOTATIONS} more {level.value}s are in the log of this step.")

    def outputs(self, outputs: Mapping[str, Output]) -> None:
        """Hand outputs to later steps. Away from a runner they are printed as `name=value` lines, JSON only by name.

        Raises `ActionError` when they exceed what the platform passes on, which a command whose outputs grow without a
        bound checks before it changes anything, and when the file cannot be written, which `check_outputs` finds then.
        """
        if not self.has_output_file:
            self._print_outputs(outputs)
            return
        size = measure_outputs(outputs)
        if size > OUTPUT_LIMIT:
            message = (
                f"{describe_size(outputs)}, and GitHub passes about {OUTPUT_LIMIT} on. Later steps get none of them."
            )
            raise ActionError(message, hint="Run it by hand with --json, which has no limit.")
        texts = {name: as_text(value) for name, value in outputs.items()}
        why = self._why_not_writable("GITHUB_OUTPUT")
        try:
            if not why:
                with self._lend_environment("GITHUB_OUTPUT"):
                    for name, text in texts.items():
                        core.set_output(name, text)
        except OSError as error:
            why = f"which could not be written: {error.strerror}"
        if why:
            message = (
                f"GITHUB_OUTPUT names {self._environ['GITHUB_OUTPUT']}, {why}. Later steps do not get the outputs."
            )
            raise ActionError(message, hint="What was done is not undone; the log says what. Run it again.")

    @property
    def has_output_file(self) -> bool:
        """Whether outputs go to a file, where later steps find them."""
        return bool(self._environ.get("GITHUB_OUTPUT"))

    def _print_outputs(self, outputs: Mapping[str, Output]) -> None:
        """Outputs for a person: what is a list or an object is for programs, and may be thousands of characters."""
        structured = [name for name, value in outputs.items() if isinstance(value, dict | list) and value]
        for name, value in outputs.items():
            if name not in structured:
                self.info(f"{name}={as_text(value)}")
        if structured:
            self.info(f"With --json: {', '.join(structured)}.")

    def check_outputs(self) -> None:
        """Raise `InputError` when outputs could not be handed on, while nothing has been changed yet."""
        why = self._why_not_writable("GITHUB_OUTPUT") if self.has_output_file else ""
        if why:
            message = f"GITHUB_OUTPUT names {self._environ['GITHUB_OUTPUT']}, {why}."
            raise InputError(message, hint="Unset GITHUB_OUTPUT to run outside a workflow.")

    def _why_not_writable(self, name: str) -> str:
        """Why the file that a variable names cannot be written, to end a sentence; empty if it can.

        The runner makes the file, so one that is not there is another machine's or a container's that lacks the mount.
        """
        try:
            os.close(os.open(self._environ[name], os.O_WRONLY | os.O_APPEND))
        except FileNotFoundError:
            return "which does not exist"
        except OSError as error:
            return f"which cannot be written: {error.strerror}"
        return ""

    def summary(self, text: str) -> None:
        """Add Markdown to the job summary, cut to what the platform takes."""
        path = self._environ.get("GITHUB_STEP_SUMMARY")
        if not path or not text:
            return
        try:
            with open(path, "a", encoding="utf-8", newline="") as file:  # noqa: PTH123  # append has no Path method
                room = markdown.SUMMARY_LIMIT - file.tell()
                file.write(markdown.cut(self.redact(text) + "\n", room))
        except OSError as error:
            # The summary repeats what the log says, so the run does not fail for it.
            self.annotate(Finding.of(Level.WARNING, f"The job summary {path} could not be written: {error.strerror}."))

    def _properties(self, finding: Finding) -> dict[str, str | int]:
        place = finding.problem.place
        if place is None:
            return {}
        line, column = place.line or 1, place.column or 1
        return {
            "title": finding.rule or "release-actions",
            "file": place.file,
            "start_line": line,
            "end_line": line,
            "start_column": column,
            "end_column": column,
        }

    @contextlib.contextmanager
    def _lend_environment(self, name: str) -> Iterator[None]:
        """`core` reads file paths from the process's environment; lend it ours for the call."""
        before = os.environ.get(name)
        os.environ[name] = self._environ[name]
        try:
            yield
        finally:
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before


@contextlib.contextmanager
def read_or_not() -> Iterator[None]:
    """Print as long as there is a reader. When it ends early, as `head` does, the work goes on without a message."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def print_or_not(text: str) -> None:
    """Print what was asked for, unless its reader has left, as `head` does."""
    with read_or_not():
        sys.stdout.write(text)
        sys.stdout.flush()


def measure_outputs(outputs: Mapping[str, Output]) -> int:
    """Characters of outputs as the platform counts them, names included."""
    return sum(measure_output(name, value) for name, value in outputs.items())


def measure_output(name: str, value: Output) -> int:
    """Characters of one output, counted as UTF-16."""
    return len(name) + len(as_text(value).encode("utf-16-le")) // 2


def describe_size(outputs: Mapping[str, Output]) -> str:
    """How large outputs are, and which is the largest, to begin a sentence."""
    largest = max(outputs, key=lambda name: measure_output(name, outputs[name]))
    return (
        f"The outputs have {measure_outputs(outputs)} characters, {measure_output(largest, outputs[largest])} of them "
        f"in '{largest}'"
    )


def as_text(value: Output) -> str:
    """An output as the runner takes it: text as it is, booleans as true/false, the rest as compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def shorten(text: str, limit: int) -> str:
    """Text cut to `limit` characters, the last of them an ellipsis when something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
