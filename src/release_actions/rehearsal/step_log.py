"""What a running step says to the runner: its lines, the workflow commands among them, and the files it leaves.

The rules are those of actions/runner's ActionCommandManager and FileCommandManager. What the platform has switched off
(`set-env`, `add-path`) fails the step, and so do problem matchers, which are not emulated.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from release_actions.rehearsal import step_files, workflow_commands
from release_actions.rehearsal.job import Job
from release_actions.rehearsal.journal import Journal
from release_actions.rehearsal.workflow_commands import Command
from release_actions.runner.report import Level

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary. A longer one is dropped whole."""

FILES = ("path", "env", "output", "state", "step_summary")
"""Each is a file of the step, in a variable `GITHUB_*`."""

_BLOCKED = "NODE_OPTIONS"
_DEPRECATED = (
    "The `{}` command is deprecated and will be disabled soon. Please upgrade to using Environment Files. For more "
    "information see: https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/"
)
_DISABLED = (
    "The `{}` command is disabled. Please upgrade to using Environment Files. For more information see: "
    "https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/"
)


class CommandError(Exception):
    """A command that the runner could not process. It fails the step whatever its exit code."""


class StepLog:
    """One step's output, as the runner takes it."""

    def __init__(self, job: Job, journal: Journal) -> None:
        self.job = job
        self.journal = journal
        self.outputs: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.summary = ""
        self.failed = False
        self.echo = job.debug
        self.resume = ""

    def line(self, text: str) -> None:
        """Take one line of the step's standard output or standard error."""
        names = workflow_commands.COMMANDS | {self.resume} if self.resume else workflow_commands.COMMANDS
        command = workflow_commands.parse(text, names)
        if command is None:
            self.journal.write(text)
        elif self.resume:
            self.journal.write(text)
            if command.name == self.resume:
                self.resume = ""
        else:
            self.command(command, text)

    def command(self, command: Command, text: str) -> None:
        """Do what a command asks for."""
        if command.name == "add-mask":
            self.mask(command.data)
        elif command.name == "debug":
            self.journal.debug(command.data)
        elif command.name in {level.value for level in Level}:
            self.journal.annotate(Level(command.name), command.data, command.properties)
        elif command.name in {"group", "endgroup"}:
            self.journal.write(f"##[{command.name}]{command.data if command.name == 'group' else ''}")
        else:
            if self.echo or command.name == "stop-commands":
                self.journal.write(text)
            try:
                self.rare(command)
            except CommandError as error:
                self.refuse(f"Unable to process command '{text}' successfully.", error)

    def rare(self, command: Command) -> None:
        """Commands that change how the log is read, and those that files have replaced."""
        name = command.name
        if name == "stop-commands":
            if not command.data or command.data.lower() in {*workflow_commands.COMMANDS, "pause-logging"}:
                message = (
                    "Cannot use an endToken that is an empty string, the string 'pause-logging', or another workflow "
                    "command."
                )
                raise CommandError(message)
            self.resume = command.data.lower()
        elif name == "echo":
            wanted = command.data.strip().lower()
            if wanted not in {"on", "off"}:
                message = f"Invalid echo command value. Possible values can be: 'on', 'off'. It is: '{command.data}'."
                raise CommandError(message)
            self.echo = wanted == "on"
        elif name in {"set-output", "save-state"}:
            key = command.properties.get("name")
            if not key:
                message = f"Required field 'name' is missing in ##[{name}] command."
                raise CommandError(message)
            self.journal.warning(_DEPRECATED.format(name))
            (self.outputs if name == "set-output" else self.state)[key] = command.data
        elif name in {"set-env", "add-path"}:
            raise CommandError(_DISABLED.format(name))
        else:
            message = f"{name} is not emulated by this runner."
            raise CommandError(message)

    def mask(self, secret: str) -> None:
        """Hide a text from here on."""
        if not secret.strip():
            self.journal.warning("Can't add secret mask for empty string in ##[add-mask] command.")
            return
        self.job.masks.add(secret)
        if self.echo:
            self.journal.write("::add-mask::***")

    def refuse(self, message: str, error: Exception) -> None:
        """Report what the runner could not process."""
        self.journal.error(message)
        self.journal.error(str(error))
        self.failed = True

    def collect(self, folder: Path) -> None:
        """Read the files that the step left. A mistake in one does not keep the others from being read."""
        takers: dict[str, Callable[[str], None]] = {
            "path": self.take_path,
            "env": self.take_environment,
            "output": lambda text: self.outputs.update(step_files.read_pairs(text)),
            "state": lambda text: self.state.update(step_files.read_pairs(text)),
        }
        for name, take in takers.items():
            try:
                take(step_files.text_of(folder / name))
            except step_files.FileFormatError as error:  # noqa: PERF203  # four files, each with its own error
                self.refuse(f"Unable to process file command '{name}' successfully.", error)
        self.take_summary(folder / "step_summary")

    def take_path(self, text: str) -> None:
        """Folders that later steps search first."""
        for folder in step_files.read_paths(text):
            self.job.prepend(folder)

    def take_environment(self, text: str) -> None:
        """Variables that later steps get."""
        for name, value in step_files.read_pairs(text):
            if name.upper() == _BLOCKED:
                self.journal.error(f"Can't store {_BLOCKED} output parameter using '$GITHUB_ENV' command.")
            else:
                self.job.exported[name] = value

    def take_summary(self, file: Path) -> None:
        """Masked line by line; dropped when it is too long."""
        size = file.stat().st_size if file.is_file() else 0
        if size > SUMMARY_LIMIT:
            self.journal.error(
                f"$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of {SUMMARY_LIMIT // 1024}k, "
                f"got {size // 1024}k. For more information see: "
                "https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-markdown-summary"
            )
        elif size:
            lines = step_files.split_lines(step_files.text_of(file))
            self.summary = "".join(self.job.masks.hide(line) + "\n" for line in lines)
