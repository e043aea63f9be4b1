"""release-plan: what will this tag release? validate-tag, then build-matrix for what it allows."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from release_actions.commands import build_matrix, validate_tag
from release_actions.errors import ExitCode
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.tags import existing


@dataclass(frozen=True)
class Inputs:
    """What the action.yml at the root describes."""

    tag: str = inputs.option(inputs.verbatim, "")
    mode: str = inputs.option(inputs.choice(validate_tag.RELEASE, validate_tag.CHECK), validate_tag.RELEASE)
    config: str = inputs.option(inputs.text, "release.yaml")
    history: str = inputs.option(inputs.choice(*existing.SOURCES), existing.API)
    existing_tags: tuple[str, ...] = inputs.option(inputs.items, ())
    commit: str = inputs.option(inputs.text, "")
    images: tuple[str, ...] = inputs.option(inputs.items, ("all",))
    strict: bool = inputs.option(inputs.boolean, default=False)
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    login_host: str = inputs.option(inputs.text, "")


OUTPUTS = validate_tag.OUTPUTS + build_matrix.OUTPUTS


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Judge the tag, and plan the builds if it is not refused."""
    asked = {field.name: getattr(given, field.name) for field in fields(validate_tag.Inputs)}
    judged = validate_tag.run(validate_tag.Inputs(**asked), context, log)
    if judged.exit_code is not ExitCode.PASS:
        return judged
    tag = str(judged.outputs["tag"])
    planned = build_matrix.run(
        build_matrix.Inputs(
            tag=tag,
            config=given.config,
            images=given.images,
            build_commit=given.commit,
            strict=given.strict,
            token=given.token,
        ),
        context,
        log,
    )
    return replace(
        judged,
        outputs={**judged.outputs, **planned.outputs},
        summary=judged.summary + planned.summary,
        lines=planned.lines + judged.lines,
        findings=judged.findings + planned.findings,
    )
