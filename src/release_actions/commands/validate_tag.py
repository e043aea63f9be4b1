"""validate-tag: from a tag to everything that a release needs to know, or a refusal that says why.

Reads the repository's tags, all of them or none. Changes nothing, and never asks a registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions import floating, git_tags, history, inputs, markdown
from release_actions.config import FILE, load_config
from release_actions.context import Context
from release_actions.errors import ExitCode, InputError
from release_actions.git_tags import TAG_REF, Tags
from release_actions.history import History, Violation
from release_actions.report import Finding, Level, Output, Report
from release_actions.versions import Version, known, parse
from release_actions.workflow import Workflow


@dataclass(frozen=True)
class Inputs:
    """What actions/validate-tag/action.yml describes."""

    tag: str = inputs.option(inputs.text, "")
    config: str = inputs.option(inputs.text, "release.yaml")
    existing_tags: tuple[str, ...] = inputs.option(inputs.items, ())
    token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = (
    "tag",
    "version",
    "major",
    "minor",
    "patch",
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
)

LEVELS = {
    history.Level.ERROR: Level.ERROR,
    history.Level.WARN: Level.WARNING,
    history.Level.INFO: Level.NOTICE,
}


@dataclass(frozen=True)
class Settings:
    """What a project says about its tags."""

    prefix: str = "v"
    floating_tags: tuple[str, ...] = floating.DEFAULT_TEMPLATES
    skip: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What a tag means here. `outputs` is empty when a rule refuses it."""

    version: Version
    sentence: str
    violations: tuple[Violation, ...]
    effects: tuple[floating.Effect, ...]
    outputs: Mapping[str, Output]

    @property
    def refused(self) -> bool:
        """Whether some rule says no."""
        return any(violation.level is history.Level.ERROR for violation in self.violations)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Decide about one tag. Raises `TagRefused` when it names no version, `RemoteError` when the tags are not known."""
    settings = settings_of(given.config, context, log)
    version = parse(tag_of(given.tag, context), settings.prefix)
    tags = git_tags.read(given.existing_tags, context, given.token, log, about=version.tag)
    return report(decide(version, tags, commit_of_run(version, context), settings))


def settings_of(config: str, context: Context, log: Workflow) -> Settings:
    """What the configuration says about tags; the defaults where the usual file is not there and no other was named."""
    path = context.path(config)
    if config == FILE and not path.exists():
        log.info(f"There is no {FILE}: tags begin with v, and latest, vX and vX.Y float.")
        return Settings()
    found = load_config(path, name=config)
    return Settings(found.tag_prefix, found.floating_tags, found.skip)


def tag_of(given: str, context: Context) -> str:
    """The tag to judge: the input, or the event's. Raises `InputError` when there is neither."""
    name = given or (context.ref if context.ref.startswith(TAG_REF) else release_tag(context))
    if not name:
        message = f"No tag was given, and the event{f' {context.event_name}' if context.event_name else ''} has none."
        raise InputError(message, hint="Set the input tag, or run on the push of a tag.")
    return name


def release_tag(context: Context) -> str:
    """The tag of a `release` event; empty for others."""
    release = context.event.get("release")
    return str(release.get("tag_name", "")) if isinstance(release, dict) else ""


def decide(version: Version, tags: Tags, commit: str, settings: Settings) -> Decision:
    """Judge a version against every tag of the repository. `commit`: of the run, empty if that is about another ref."""
    versions = known(tags.names, settings.prefix)
    past = History(versions, commit=commit, commits={version.tag: tags.commit} if tags.commit else {})
    violations = history.judge(version, past)
    effects = floating.moves(version, versions, settings.floating_tags, settings.skip)
    sentence = floating.explain(version, versions, settings.floating_tags, settings.skip)
    decision = Decision(version, sentence, violations, effects, {})
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
        "make-latest": floating.make_latest(version, versions, settings.skip),
        "prerelease": not version.is_stable,
    }
    return Decision(version, sentence, violations, effects, outputs)


def commit_of_run(version: Version, context: Context) -> str:
    """The commit that the judged tag names in this run; empty when the run is about something else."""
    return context.sha if context.ref == TAG_REF + version.tag else ""


def report(decision: Decision) -> Report:
    """The decision for people and for later steps."""
    version = decision.version
    findings = tuple(
        Finding.of(LEVELS[violation.level], violation.message, hint=violation.hint, rule=violation.rule)
        for violation in decision.violations
    )
    verdict = f"{version.tag} is refused." if decision.refused else decision.sentence
    return Report(
        outputs=decision.outputs,
        summary=summary(decision, verdict),
        lines=(verdict,),
        findings=findings,
        exit_code=ExitCode.REFUSED if decision.refused else ExitCode.PASS,
    )


def summary(decision: Decision, verdict: str) -> str:
    """The job summary: the decision in one sentence, what moves, and the rules that had something to say."""
    version = decision.version
    rows = [
        ("Kind", version.kind.value),
        ("Line", version.line),
        ("Image tag", markdown.code(version.tag)),
        ("Previous stable", markdown.code(str(decision.outputs.get("previous-stable") or "none"))),
        ("Next candidate", markdown.code(str(decision.outputs.get("next-candidate") or "none"))),
    ]
    parts = [f"## {markdown.plain(version.tag)}\n", f"{markdown.plain(verdict)}\n"]
    if not decision.refused:
        parts.append(markdown.table(["What", "Value"], rows))
        moved = ([markdown.code(effect.tag), *standing(effect, version)] for effect in decision.effects)
        parts.append(markdown.table(["Floating tag", "Now", "After"], moved))
    parts += [
        f"- **{violation.level.value}** {markdown.code(violation.rule)}: {markdown.plain(violation.message)} "
        f"{markdown.plain(violation.hint)}"
        for violation in decision.violations
    ]
    return "\n".join(parts) + "\n"


def standing(effect: floating.Effect, version: Version) -> tuple[str, str]:
    """Where a floating tag stands before and after the release."""
    before = effect.before.tag if effect.before else "none"
    after = version.tag if effect.moves else before
    return markdown.code(before), f"**{markdown.code(after)}**" if effect.moves else markdown.code(after)
