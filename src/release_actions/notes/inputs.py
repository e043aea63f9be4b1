"""What a run of release-notes is given."""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.runner import inputs
from release_actions.tags.existing import TagSource

GENERATE, LINT, PUBLISH = "generate", "lint", "publish-draft"


@dataclass(frozen=True)
class Inputs:
    """What actions/release-notes/action.yml describes. Paths are relative to the workspace."""

    mode: str = inputs.option(inputs.choice(GENERATE, LINT, PUBLISH), GENERATE)
    tag: str = inputs.option(inputs.text, "")
    head: str = inputs.option(inputs.text, "")
    previous_tag: str = inputs.option(inputs.text, "")
    file: str = inputs.option(inputs.text, "release-notes.md")
    overflow_file: str = inputs.option(inputs.text, "release-notes-full.md")
    config: str = inputs.option(inputs.text, "release.yaml")
    report: str = inputs.option(inputs.written_file, "")
    components: str = inputs.option(inputs.text, "components.yaml")
    components_file: str = inputs.option(inputs.text, "components.json")
    history: TagSource = inputs.option(inputs.member(TagSource), TagSource.API)
    bots: str = inputs.option(inputs.choice("hide", "fold", "list"), "")
    assets: tuple[str, ...] = inputs.option(inputs.lines, ())
    checksums: str = inputs.option(inputs.text, "")
    replace_edits: bool = inputs.option(inputs.boolean, default=False)
    sarif_file: str = inputs.option(inputs.text, "")
    check_upstream: bool = inputs.option(inputs.boolean, default=True)
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
