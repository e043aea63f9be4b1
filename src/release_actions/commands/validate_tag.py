"""validate-tag: from a tag to everything that a release needs to know, or a refusal that says why.

Reads the repository's tags, all of them or none, and whatever else a rule needs that is on: the branch, the tag's
object, its release, the registry. Changes nothing. In mode `check` it says what would happen if the tag was pushed now,
and assumes nothing of the run it happens in.
"""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.registry.login import read_login
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.envelope import REPORT_OUTPUTS
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.tags import decision
from release_actions.tags.existing import TagSource
from release_actions.tags.judging import judge_tag
from release_actions.tags.requested import Mode, TagRequest
from release_actions.tags.summary import make_report

OUTPUTS = (*decision.OUTPUTS, *REPORT_OUTPUTS)


@dataclass(frozen=True)
class Inputs:
    """What actions/validate-tag/action.yml describes."""

    tag: str = inputs.option(inputs.verbatim, "")
    mode: Mode = inputs.option(inputs.member(Mode), Mode.RELEASE)
    config: str = inputs.option(inputs.text, "release.yaml")
    report: str = inputs.option(inputs.written_file, "")
    history: TagSource = inputs.option(inputs.member(TagSource), TagSource.API)
    existing_tags: tuple[str, ...] = inputs.option(inputs.items, (), empty_flag="none")
    commit: str = inputs.option(inputs.text, "")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    registry_credentials: str = inputs.option(inputs.text, "", secret=True)
    login_host: str = inputs.option(inputs.text, "")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Judge one tag. Raises `TagRefused` when it names no version, `RemoteError` when something is not known."""
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
    return make_report(judge_tag(request, context, log))
