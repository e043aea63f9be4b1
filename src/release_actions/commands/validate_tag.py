"""validate-tag: from a tag to everything that a release needs to know, or a refusal that says why.

Reads the repository's tags, all of them or none, and whatever else a rule needs that is on: the branch, the tag's
object, its release, the registry. Changes nothing. In mode `check` it says what would happen if the tag was pushed now,
and assumes nothing of the run it happens in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from release_actions.errors import ActionError, ExitCode, InputError
from release_actions.runner import inputs, markdown
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.runner.workflow import Workflow
from release_actions.tags import existing
from release_actions.tags import policy as tag_policy
from release_actions.tags.evidence import BEFORE_THE_PUSH, NO_BRANCH, NOT_OF_THE_PUSH, REPEATED, Inquiry
from release_actions.tags.existing import CHECKOUT, TAG_REF
from release_actions.tags.offers import offer_acceptable_tag
from release_actions.tags.policy import Policy
from release_actions.tags.requested import find_requested_tag
from release_actions.versions import floating, history
from release_actions.versions.grammar import TagRefused
from release_actions.versions.history import RULES, History, Violation
from release_actions.versions.version import Version, parse

RELEASE = "release"
CHECK = "check"


@dataclass(frozen=True)
class Inputs:
    """What actions/validate-tag/action.yml describes."""

    tag: str = inputs.option(inputs.verbatim, "")
    mode: str = inputs.option(inputs.choice(RELEASE, CHECK), RELEASE)
    config: str = inputs.option(inputs.text, "release.yaml")
    history: str = inputs.option(inputs.choice(*existing.SOURCES), existing.API)
    existing_tags: tuple[str, ...] = inputs.option(inputs.items, ())
    commit: str = inputs.option(inputs.text, "")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    login_host: str = inputs.option(inputs.text, "")


OUTPUTS = (
    "tag",
    "version",
    "major",
    "minor",
    "patch",
    "number",
    "kind",
    "is-stable",
    "is-candidate",
    "base-version",
    "line",
    "previous-stable",
    "previous-candidate",
    "next-candidate",
    "image-tags",
    "floating-tags",
    "make-latest",
    "prerelease",
    "release-branch",
    "already-published",
)

QUIET = frozenset({BEFORE_THE_PUSH, NO_BRANCH, NOT_OF_THE_PUSH, REPEATED})
"""Reasons for not judging a rule that go without saying in a log."""

LEVELS = {
    history.Level.ERROR: Level.ERROR,
    history.Level.WARN: Level.WARNING,
    history.Level.INFO: Level.NOTICE,
}


@dataclass(frozen=True)
class Decision:
    """What a tag means here. `outputs` is empty when a rule refuses it.

    `pushed`: False when it is only asked what would happen. `unasked`: rule -> why it was not judged.
    """

    version: Version
    policy: Policy
    sentence: str
    violations: tuple[Violation, ...]
    effects: tuple[floating.Effect, ...]
    outputs: Mapping[str, Output]
    pushed: bool = True
    unasked: Mapping[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether a rule of level error refuses the tag."""
        return any(violation.level is history.Level.ERROR for violation in self.violations)

    @property
    def verdict(self) -> str:
        """The decision in a sentence."""
        if self.refused:
            first = self.violations[0].message
            return f"{self.version.tag} {'is' if self.pushed else 'would be'} refused. {first}"
        return self.sentence if self.pushed else f"If {self.version.tag} was pushed now: {self.sentence}"


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Judge one tag. Raises `TagRefused` when it names no version, `RemoteError` when something is not known."""
    pushed = given.mode == RELEASE
    if not pushed:
        # A check is about a push that has not been made: the run it happens in says nothing about it.
        context = replace(context, event_name="", event_path="", ref="", sha="")
    policy = tag_policy.read(given.config, context, log)
    try:
        version = parse(find_requested_tag(given.tag, context), policy.prefix)
    except TagRefused as refused:
        raise offered(refused, given, context, policy, log) from None
    tags = read_tags(given, context, policy, log, about=version.tag)
    inquiry = Inquiry(
        version,
        tags,
        policy,
        context,
        log,
        pushed=pushed,
        commit=commit_of(given, version, context),
        source=given.history,
        token=given.token,
        registry_token=given.registry_token,
        registry_user=given.registry_user,
        login_host=given.login_host,
    )
    past = inquiry.gather()
    return report(decide(version, past, policy, inquiry.unasked))


def read_tags(given: Inputs, context: Context, policy: Policy, log: Workflow, *, about: str) -> existing.Tags:
    """The repository's tags, all of them or an error."""
    return existing.read(
        given.existing_tags, context, given.token, log, about=about, source=given.history, of=policy.repository
    )


def offered(refused: TagRefused, given: Inputs, context: Context, policy: Policy, log: Workflow) -> TagRefused:
    """A refusal that offers only what the next run accepts; nothing if the repository's tags cannot be read."""
    if not refused.meant:
        return refused
    try:
        names = read_tags(given, context, policy, log, about="").names
    except ActionError:
        return refused.offering("")  # the tag is refused in any case
    return offer_acceptable_tag(refused, names, policy)


def decide(version: Version, past: History, policy: Policy, unasked: Mapping[str, str]) -> Decision:
    """Judge a version against everything that is known."""
    versions = past.tags
    violations = history.judge(version, past, policy.levels)
    effects = floating.moves(version, versions, policy.floating_tags, policy.skip)
    sentence = floating.explain(version, versions, policy.floating_tags, policy.skip)
    if past.about.whole:
        sentence += " All of its images are published already, built from this commit: there is nothing to build."
    decision = Decision(version, policy, sentence, violations, effects, {}, past.about.pushed, unasked)
    if decision.refused:
        return decision
    previous = history.previous_stable(version, versions)
    candidate = history.previous_candidate(version, versions)
    outputs: dict[str, Output] = {
        "tag": version.tag,
        "version": version.text,
        "major": version.major,
        "minor": version.minor,
        "patch": version.patch,
        "number": "" if version.number is None else version.number,
        "kind": version.kind.value,
        "is-stable": version.is_stable,
        "is-candidate": version.is_candidate,
        "base-version": version.base,
        "line": version.line,
        "previous-stable": previous.tag if previous else "",
        "previous-candidate": candidate.tag if candidate else "",
        "next-candidate": history.next_candidate(version, past),
        "image-tags": [version.tag],
        "floating-tags": [effect.tag for effect in effects if effect.moves],
        "make-latest": floating.make_latest(version, versions, policy.skip),
        "prerelease": not version.is_stable,
        "release-branch": policy.branch(version),
        "already-published": past.about.whole,
    }
    return replace(decision, outputs=outputs)


def commit_of(given: Inputs, version: Version, context: Context) -> str:
    """The commit that is or would be released; empty when it is not known. Raises `InputError` for what is none."""
    if given.mode == RELEASE:
        if given.commit:
            message = "Input 'commit' is for mode check: a pushed tag has a commit already."
            raise InputError(message, hint="Leave it out, or set mode to check.")
        return context.sha if context.ref == TAG_REF + version.tag else ""
    if given.commit:
        if not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", given.commit):
            message = f"Input 'commit' is {given.commit[:80]!r}, which is not the full id of a commit."
            raise InputError(message, hint="Pass what git rev-parse HEAD prints.")
        return given.commit
    if given.history == CHECKOUT and not given.existing_tags:
        from release_actions.git import checkout

        return checkout.head(context.workspace)
    return ""


def report(decision: Decision) -> Report:
    """The decision for people and for later steps."""
    findings = tuple(
        Finding.of(LEVELS[violation.level], violation.message, hint=violation.hint, rule=violation.rule)
        for violation in decision.violations
    )
    return Report(
        outputs=decision.outputs,
        summary="\n".join(summary(decision)) + "\n",
        lines=(*unjudged(decision), *images_lines(decision), decision.verdict),
        findings=findings,
        exit_code=ExitCode.REFUSED if decision.refused else ExitCode.PASS,
    )


def unjudged(decision: Decision) -> Iterable[str]:
    """A line for each reason why rules that are on were not judged."""
    reasons: dict[str, list[str]] = {}
    for rule, why in decision.unasked.items():
        reasons.setdefault(why, []).append(rule)
    for why, rules in reasons.items():
        if why not in QUIET:
            subject = f"rule {rules[0]} was" if len(rules) == 1 else f"rules {', '.join(rules)} were"
            yield f"The {subject} not judged: {why}."


def images_lines(decision: Decision) -> Iterable[str]:
    """What a push would build, for a check that does not refuse."""
    if decision.pushed or decision.refused or decision.outputs["already-published"]:
        return ()
    tag = decision.version.tag
    return (f"It would publish {package.reference}:{tag}." for package in decision.policy.packages)


def summary(decision: Decision) -> Iterable[str]:
    """The job summary: the decision as a person would explain it, what moves, and every rule with what it found."""
    version, outputs = decision.version, decision.outputs
    title = "What if" if not decision.pushed else "Tag"
    yield f"## {title} {markdown.code(version.tag)}{' was pushed now?' if not decision.pushed else ''}\n"
    yield f"{markdown.plain(decision.verdict)}\n"
    for violation in decision.violations:
        words = f"{violation.message} {violation.hint}".strip()
        yield f"- **{violation.level.value}** {markdown.code(violation.rule)}: {markdown.plain(words)}"
    if decision.violations:
        yield ""
    if not decision.refused:
        rows = [
            ("Class", version.kind.value),
            ("Line", version.line),
            ("Release branch", markdown.code(str(outputs["release-branch"])) if outputs["release-branch"] else "any"),
            ("Image tag", markdown.code(version.tag)),
            ("Previous stable", code_or_none(outputs["previous-stable"])),
            ("Previous candidate", code_or_none(outputs["previous-candidate"])),
            ("Next candidate", code_or_none(outputs["next-candidate"])),
            ("GitHub release", release_marks(outputs)),
        ]
        yield markdown.table(["What", "Value"], rows)
        moved = ([markdown.code(effect.tag), *standing(effect, version)] for effect in decision.effects)
        yield markdown.table(["Floating tag", "Now", "After"], moved)
        if not decision.pushed and decision.policy.packages and not outputs["already-published"]:
            pushed = "".join(
                f"- {markdown.code(f'{package.reference}:{version.tag}')}\n" for package in decision.policy.packages
            )
            title = f"{counted(len(decision.policy.packages), 'image')} would be published"
            yield markdown.details(title, pushed)
    yield markdown.details("Rules", markdown.table(["Rule", "Level", "Result"], rule_rows(decision)))


def rule_rows(decision: Decision) -> Iterable[tuple[str, str, str]]:
    """Every rule with its level and what it found."""
    broken = {violation.rule: violation.message for violation in decision.violations}
    for rule in RULES:
        level = decision.policy.levels[rule.name]
        result = "kept"
        if level is history.Level.OFF:
            result = "not judged: off"
        elif rule.name in broken:
            result = f"**broken**: {markdown.plain(broken[rule.name])}"
        elif rule.name in decision.unasked:
            result = f"not judged: {markdown.plain(decision.unasked[rule.name])}"
        yield markdown.code(rule.name), level.value, result


def release_marks(outputs: Mapping[str, Output]) -> str:
    """How the GitHub release is to be marked."""
    if outputs["prerelease"]:
        return "pre-release"
    return "latest" if outputs["make-latest"] else "not the latest"


def code_or_none(value: Output) -> str:
    """A tag in a table."""
    return markdown.code(str(value)) if value else "none"


def standing(effect: floating.Effect, version: Version) -> tuple[str, str]:
    """Where a floating tag stands before and after the release."""
    before = effect.before.tag if effect.before else "none"
    after = version.tag if effect.moves else before
    return markdown.code(before), f"**{markdown.code(after)}**" if effect.moves else markdown.code(after)
