"""From a tag to a decision: read the policy and the repository's tags, gather evidence, judge.

Changes nothing. In mode `check` the decision is about a push that has not been made, and nothing of the run counts.
"""

from __future__ import annotations

from dataclasses import replace

from release_actions.errors import ActionError
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow
from release_actions.tags.decision import Decision, decide
from release_actions.tags.evidence import EvidenceGatherer
from release_actions.tags.existing import Tags, read_tags
from release_actions.tags.offers import TakenTags, offer_acceptable_tag
from release_actions.tags.policy import Policy, read_policy
from release_actions.tags.requested import TagRequest, find_requested_tag
from release_actions.versions.grammar import TagRefused
from release_actions.versions.version import parse, parse_or_none


def judge_tag(request: TagRequest, context: Context, log: Workflow) -> Decision:
    """Judge one tag. Raises `TagRefused` when it names no version, `RemoteError` when something is not known."""
    if not request.is_pushed:
        # A check is about a push that has not been made: the run it happens in says nothing about it.
        context = replace(context, event_name="", event_path="", ref="", sha="")
    tag = find_requested_tag(request.tag, context)
    policy = read_policy(request.config, context, log, tag)
    try:
        version = parse(tag, policy.prefix)
    except TagRefused as refused:
        raise _offer(refused, request, context, policy, log) from None
    tags = _read_tags(request, context, policy, log, about=version.tag)
    gatherer = EvidenceGatherer(version, tags, policy, request, context, log)
    past = gatherer.gather()
    return decide(version, past, policy, gatherer.not_judged)


def _read_tags(request: TagRequest, context: Context, policy: Policy, log: Workflow, *, about: str) -> Tags:
    return read_tags(
        request.existing_tags, context, request.token, log, about=about, source=request.source, of=policy.repository
    )


def _offer(refused: TagRefused, request: TagRequest, context: Context, policy: Policy, log: Workflow) -> TagRefused:
    """A refusal that offers only what the next run accepts; nothing if it is not known what that run would find."""
    # The tag is refused in any case, so what cannot be read is no error here.
    try:
        tags = _read_tags(request, context, policy, log, about="")
    except ActionError:
        return refused.offering("")
    taken = TakenTags(tags.names)
    meant = parse_or_none(refused.meant, policy.prefix) if refused.meant else None
    if meant:
        try:
            taken = EvidenceGatherer(meant, tags, policy, request, context, log).list_taken()
        except ActionError:
            refused = refused.offering("")
    return offer_acceptable_tag(refused, taken, policy, is_pushed=request.is_pushed)
