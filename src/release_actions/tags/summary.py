"""A decision about a tag for people and for later steps: annotations, the log, the job summary and the outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from release_actions.errors import ExitCode
from release_actions.runner import markdown
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.tags.decision import Decision
from release_actions.tags.evidence import BEFORE_THE_PUSH, BY_HAND, NO_BRANCH, NOT_OF_THE_PUSH, REPEATED
from release_actions.versions import floating, history
from release_actions.versions.history import RULES, Source, Violation
from release_actions.versions.version import Version

QUIET = frozenset({BEFORE_THE_PUSH, NO_BRANCH, NOT_OF_THE_PUSH, REPEATED})
"""Reasons for not judging a rule that go without saying in a log."""

IN_USE = frozenset({"already-released", "already-published", "release-exists", "moved-tag"})
"""Rules whose violation means that the tag was in use before: then it must not be deleted."""

LEVELS = {
    history.Level.ERROR: Level.ERROR,
    history.Level.WARN: Level.WARNING,
    history.Level.INFO: Level.NOTICE,
}


def make_report(decision: Decision) -> Report:
    """The decision for people and for later steps."""
    return Report(
        outputs=decision.outputs,
        summary="\n".join(summarize(decision)) + "\n",
        lines=(*list_rules_not_judged(decision), *list_images(decision), *advise_deletion(decision), decision.verdict),
        findings=(*(make_finding(violation, decision) for violation in decision.violations), *warn_of_gaps(decision)),
        exit_code=ExitCode.REFUSED if decision.is_refused else ExitCode.PASS,
    )


def make_finding(violation: Violation, decision: Decision) -> Finding:
    """A violation as an annotation. One that refuses the tag says where the level of its rule is set."""
    hint = violation.hint
    if violation.level is history.Level.ERROR:
        hint = f"{hint} {decision.policy.describe_level(violation.rule)}".lstrip()
    return Finding.of(LEVELS[violation.level], violation.message, hint=hint, rule=violation.rule)


def warn_of_gaps(decision: Decision) -> Iterable[Finding]:
    """Rules that would refuse a release and could not be judged, since no list of tags replaces what they read."""
    for rule in RULES:
        is_skipped = decision.not_judged.get(rule.name) == BY_HAND and rule.reads in {Source.BRANCH, Source.TAG_OBJECT}
        if is_skipped and decision.is_pushed and decision.policy.levels[rule.name] is history.Level.ERROR:
            message = f"The rule {rule.name} was not judged: {BY_HAND}."
            hint = "Leave existing-tags out of a release, or set the rule to off."
            yield Finding.of(Level.WARNING, message, hint=hint, rule=rule.name)


def advise_deletion(decision: Decision) -> Iterable[str]:
    """What to do about a refused tag that is in git now, unless it was there before."""
    if (
        decision.is_pushed
        and decision.is_refused
        and not IN_USE.intersection(each.rule for each in decision.violations)
    ):
        tag = decision.version.tag
        yield f"Delete {tag} before you push another tag, or it counts: git push origin --delete refs/tags/{tag}"


def list_rules_not_judged(decision: Decision) -> Iterable[str]:
    """A line for each reason why rules that are on were not judged."""
    reasons: dict[str, list[str]] = {}
    for rule, why in decision.not_judged.items():
        reasons.setdefault(why, []).append(rule)
    for why, rules in reasons.items():
        if why not in QUIET:
            subject = f"rule {rules[0]} was" if len(rules) == 1 else f"rules {', '.join(rules)} were"
            yield f"The {subject} not judged: {why}."


def list_images(decision: Decision) -> Iterable[str]:
    """What a push would build, for a check that does not refuse."""
    if decision.is_pushed or decision.is_refused or decision.outputs["already-published"]:
        return ()
    tag = decision.version.tag
    return (f"It would publish {package.reference}:{tag}." for package in decision.policy.packages)


def summarize(decision: Decision) -> Iterable[str]:
    """The job summary: the decision as a person would explain it, what moves, and every rule with what it found."""
    version, outputs = decision.version, decision.outputs
    title = "What if" if not decision.is_pushed else "Tag"
    yield f"## {title} {markdown.code(version.tag)}{' was pushed now?' if not decision.is_pushed else ''}\n"
    yield f"{markdown.plain(decision.verdict)}\n"
    for violation in decision.violations:
        words = f"{violation.message} {violation.hint}".strip()
        yield f"- **{violation.level.value}** {markdown.code(violation.rule)}: {markdown.plain(words)}"
    if decision.violations:
        yield ""
    if not decision.is_refused:
        rows = [
            ("Class", version.kind.value),
            ("Line", version.line),
            ("Release branch", markdown.code(str(outputs["release-branch"])) if outputs["release-branch"] else "any"),
            ("Image tag", markdown.code(version.tag)),
            ("Previous stable", show_tag(outputs["previous-stable"])),
            ("Previous candidate", show_tag(outputs["previous-candidate"])),
            ("Next candidate", show_tag(outputs["next-candidate"])),
            ("GitHub release", describe_release(outputs)),
        ]
        yield markdown.table(["What", "Value"], rows)
        moved = ([markdown.code(effect.tag), *show_effect(effect, version)] for effect in decision.effects)
        yield markdown.table(["Floating tag", "Now", "After"], moved)
        if not decision.is_pushed and decision.policy.packages and not outputs["already-published"]:
            pushed = "".join(
                f"- {markdown.code(f'{package.reference}:{version.tag}')}\n" for package in decision.policy.packages
            )
            title = f"{counted(len(decision.policy.packages), 'image')} would be published"
            yield markdown.details(title, pushed)
    yield markdown.details("Rules", markdown.table(["Rule", "Level", "Result"], make_rule_rows(decision)))


def make_rule_rows(decision: Decision) -> Iterable[tuple[str, str, str]]:
    """Every rule with its level and what it found."""
    broken = {violation.rule: violation.message for violation in decision.violations}
    for rule in RULES:
        level = decision.policy.levels[rule.name]
        result = "kept"
        if level is history.Level.OFF:
            result = "not judged: off"
        elif rule.name in broken:
            result = f"**broken**: {markdown.plain(broken[rule.name])}"
        elif rule.name in decision.not_judged:
            result = f"not judged: {markdown.plain(decision.not_judged[rule.name])}"
        yield markdown.code(rule.name), level.value, result


def describe_release(outputs: Mapping[str, Output]) -> str:
    """How the GitHub release is to be marked."""
    if outputs["prerelease"]:
        return "pre-release"
    return "latest" if outputs["make-latest"] else "not the latest"


def show_tag(value: Output) -> str:
    """A tag in a table."""
    return markdown.code(str(value)) if value else "none"


def show_effect(effect: floating.Effect, version: Version) -> tuple[str, str]:
    """What a floating tag names before and after the release."""
    before = effect.before.tag if effect.before else "none"
    after = version.tag if effect.moves else before
    return markdown.code(before), f"**{markdown.code(after)}**" if effect.moves else markdown.code(after)
