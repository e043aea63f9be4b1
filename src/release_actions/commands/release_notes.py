"""release-notes: the notes of a release, generated from what was merged, checked for contradictions, or drafted.

`generate` and `lint` change nothing outside the workspace. `publish-draft` makes or updates one draft release, and must
never publish it, never touch a published release, and never make or move a tag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from release_actions import inputs
from release_actions.context import Context
from release_actions.errors import InputError
from release_actions.notes.check import check
from release_actions.notes.gather import Asked
from release_actions.report import Report
from release_actions.workflow import Workflow

GENERATE, LINT, PUBLISH = "generate", "lint", "publish-draft"


@dataclass(frozen=True)
class Inputs:
    """What actions/release-notes/action.yml describes."""

    mode: str = inputs.option(inputs.choice(GENERATE, LINT, PUBLISH), GENERATE)
    tag: str = inputs.option(inputs.text, "")
    previous_tag: str = inputs.option(inputs.text, "")
    file: str = inputs.option(inputs.text, "release-notes.md")
    overflow_file: str = inputs.option(inputs.text, "release-notes-full.md")
    config: str = inputs.option(inputs.text, "release.yaml")
    components: str = inputs.option(inputs.text, "components.yaml")
    components_file: str = inputs.option(inputs.text, "components.json")
    history: str = inputs.option(inputs.choice("api", "checkout"), "api")
    bots: str = inputs.option(inputs.choice("hide", "fold", "list"), "")
    replace_edits: bool = inputs.option(inputs.boolean, default=False)
    sarif_file: str = inputs.option(inputs.text, "")
    check_upstream: bool = inputs.option(inputs.boolean, default=True)
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = (
    "file",
    "overflow-file",
    "body",
    "previous-tag",
    "changes",
    "new-contributors",
    "release-id",
    "release-url",
    "findings",
    "sarif-file",
)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Generate, check or draft the notes of a release."""
    return MODES[given.mode](given, context, log)


def lint(given: Inputs, context: Context, log: Workflow) -> Report:
    """Report what in the notes cannot be right."""
    asked = Asked(
        given.tag,
        given.previous_tag,
        given.config,
        given.components,
        given.components_file,
        given.history,
        given.check_upstream,
        given.token,
        given.registry_token,
    )
    return check(asked, given.file, given.sarif_file, context, log)


def missing(given: Inputs, context: Context, log: Workflow) -> Report:
    """A mode that is not there yet."""
    del context, log
    message = f"The mode {given.mode} is not there yet."
    raise InputError(message)


MODES: Mapping[str, Callable[[Inputs, Context, Workflow], Report]] = {
    GENERATE: missing,
    LINT: lint,
    PUBLISH: missing,
}
