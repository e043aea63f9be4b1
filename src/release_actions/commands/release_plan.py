"""release-plan: what will this tag release? validate-tag, then build-matrix for what it allows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from release_actions.builds import plan_report
from release_actions.builds.request import PlanRequest, plan_run
from release_actions.errors import ExitCode
from release_actions.github.source_commits import make_resolver
from release_actions.registry.login import read_login
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.tags import decision
from release_actions.tags.existing import TagSource
from release_actions.tags.judging import judge_tag
from release_actions.tags.requested import Mode, TagRequest
from release_actions.tags.summary import make_report


@dataclass(frozen=True)
class Inputs:
    """What the action.yml at the root describes."""

    tag: str = inputs.option(inputs.verbatim, "")
    mode: Mode = inputs.option(inputs.member(Mode), Mode.RELEASE)
    config: str = inputs.option(inputs.text, "release.yaml")
    history: TagSource = inputs.option(inputs.member(TagSource), TagSource.API)
    existing_tags: tuple[str, ...] = inputs.option(inputs.items, (), empty_flag="none")
    commit: str = inputs.option(inputs.text, "")
    images: tuple[str, ...] = inputs.option(inputs.items, ("all",))
    strict: bool = inputs.option(inputs.boolean, default=False)
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    registry_credentials: str = inputs.option(inputs.text, "", secret=True)
    login_host: str = inputs.option(inputs.text, "")


OUTPUTS = decision.OUTPUTS + plan_report.OUTPUTS


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Judge the tag, and plan the builds if it is not refused."""
    request = TagRequest(
        tag=given.tag,
        mode=given.mode,
        config=given.config,
        source=given.history,
        existing_tags=given.existing_tags,
        commit=given.commit,
        token=given.token,
        login=read_login(given.registry_token, given.registry_user, given.login_host, given.registry_credentials),
    )
    judged = make_report(judge_tag(request, context, log))
    if judged.exit_code is not ExitCode.PASS:
        return judged
    tag = str(judged.outputs["tag"])
    plan = plan_run(
        PlanRequest(tag=tag, config=given.config, images=given.images, build_commit=given.commit),
        context,
        log,
        make_resolver(context, log, given.token),
    )
    planned = plan_report.make_report(plan, strict=given.strict)
    return replace(
        judged,
        outputs={**judged.outputs, **planned.outputs},
        summary=judged.summary + planned.summary,
        lines=planned.lines + judged.lines,
        findings=judged.findings + planned.findings,
    )
