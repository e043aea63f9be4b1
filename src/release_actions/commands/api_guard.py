"""api-guard: what changed in what others call or write, and whether it breaks them. Changes nothing.

Two surfaces are compared: each is captured from a revision or from the workspace, or was captured before. What cannot
be judged is no pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.config import FILE as CONFIG
from release_actions.config import load_config
from release_actions.config.shapes import load_file
from release_actions.config.source import read_text
from release_actions.errors import ExitCode, InputError
from release_actions.git import checkout, tree
from release_actions.runner import inputs
from release_actions.runner.context import TAG_REF, Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, Verdict, digest_of
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Output, Report, counted
from release_actions.runner.workflow import Workflow
from release_actions.surface import waivers
from release_actions.surface.capture import Selection, capture_files
from release_actions.surface.compare import compare_surfaces
from release_actions.surface.model import Surface, read_surface
from release_actions.surface.verdict import Outcome, write_summary
from release_actions.surface.waivers import Waiver
from release_actions.tags.requested import find_release_event_tag
from release_actions.versions.grammar import TagRefused
from release_actions.versions.version import Version, parse

NAME = "api-guard"
ENFORCE, REPORT, CAPTURE = "enforce", "report", "capture"
RELEASE = "release"
"""What `base` says for the release before; `release:FILE.json` names a surface that the release has."""

WORKSPACE = "the workspace"
JSON = ".json"


@dataclass(frozen=True)
class Inputs:
    """What actions/api-guard/action.yml describes."""

    base: str = inputs.option(inputs.text, RELEASE)
    head: str = inputs.option(inputs.text, "")
    mode: str = inputs.option(inputs.choice(ENFORCE, REPORT, CAPTURE), ENFORCE)
    tag: str = inputs.option(inputs.text, "")
    files: tuple[str, ...] = inputs.option(inputs.lines, ())
    schemas: tuple[str, ...] = inputs.option(inputs.lines, ())
    document_schemas: tuple[str, ...] = inputs.option(inputs.lines, ())
    exclude: tuple[str, ...] = inputs.option(inputs.lines, ())
    waivers: str = inputs.option(inputs.text, waivers.FILE)
    config: str = inputs.option(inputs.text, CONFIG)
    report: str = inputs.option(inputs.written_file, "")
    surface: str = inputs.option(inputs.written_file, "")


OUTPUTS = ("verdict", "breaking", "unclear", "changes", "base", "report", "report-digest", "surface")


@dataclass(frozen=True)
class Base:
    """What the head is compared with: its name, its surface, and its version where it is a release."""

    name: str
    surface: Surface
    version: Version | None = None


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Capture, compare, judge."""
    selection = Selection(given.files, given.exclude, given.schemas, given.document_schemas)
    head = read_side("head", given.head, selection, context)
    if not head.interfaces:
        message = "Nothing that others call or write was found: no action, no workflow with workflow_call, no schema."
        raise InputError(message, hint="Check the globs of files and schemas, and that the repository is checked out.")
    log.info(f"Read {counted(len(head.interfaces), 'interface')}: {', '.join(head.interfaces)}.")
    if given.surface:
        write_workspace_file(context.path(given.surface), given.surface, head.text())
    if given.mode == CAPTURE:
        return report_capture(head, given)
    prefix = read_prefix(given, context)
    coming = read_version(given, prefix, context)
    base = read_base(given, coming, prefix, selection, context)
    if base is None:
        return report_no_release(given, context)
    return write_report(compare(base, head, coming, given, context), given, context)


def read_side(name: str, source: str, selection: Selection, context: Context) -> Surface:
    """A surface from where an input says. Raises `ActionError` when it cannot be read."""
    folder = context.workspace
    revision, colon, path = source.partition(":")
    if not source:
        paths = tree.list_tracked(folder)
        # A file that was deleted and not yet committed is gone.
        present = [path for path in paths if (folder / path).is_file()]
        return capture_files(present, selection, lambda path: read_text(folder / path, name=path))
    if not source.endswith(JSON):
        commit = tree.find_commit(folder, source)
        return capture_files(
            tree.list_files(folder, commit), selection, lambda path: tree.read_file(folder, commit, path)
        )
    if colon:
        return read_surface(tree.read_file(folder, tree.find_commit(folder, revision), path), source)
    hint = f"The input '{name}' names a captured surface. Write one with mode: capture."
    return read_surface(read_text(context.path(source), name=source, hint=hint), source)


def read_prefix(given: Inputs, context: Context) -> str:
    """What release tags begin with."""
    path = context.path(given.config)
    if given.config == CONFIG and not path.is_file():
        return "v"
    return load_config(path, name=given.config).tag_prefix


def read_version(given: Inputs, prefix: str, context: Context) -> Version | None:
    """The version that the head will be released as; None when nothing says it."""
    tag = given.tag or (context.ref if context.ref.startswith(TAG_REF) else find_release_event_tag(context))
    return parse(tag, prefix) if tag else None


def read_base(
    given: Inputs, coming: Version | None, prefix: str, selection: Selection, context: Context
) -> Base | None:
    """What the head is compared with; None when the repository has published no release yet."""
    word, _, file = given.base.partition(":")
    if word != RELEASE:
        return Base(given.base, read_side("base", given.base, selection, context), read_tag(word, prefix))
    release = find_release(given, coming, prefix, context)
    if release is None:
        return None
    source = f"{TAG_REF}{release.tag}" + (f":{file}" if file else "")
    return Base(release.tag, read_side("base", source, selection, context), release)


def find_release(given: Inputs, coming: Version | None, prefix: str, context: Context) -> Version | None:
    """The newest full release that the head contains, below the coming version where that is known."""
    folder = context.workspace
    is_captured = given.head.endswith(JSON)
    head = tree.find_commit(folder, "HEAD" if is_captured or not given.head else given.head)
    names = [*checkout.read_tags(folder, may_be_none=True)]
    if not names:
        return None
    merged = checkout.run_git(folder, "for-each-ref", f"--merged={head}", "--format=%(refname:strip=2)", "refs/tags/")
    versions = [version for name in merged.split() if (version := read_tag(name, prefix))]
    below = [version for version in versions if version.is_stable and (coming is None or version < coming)]
    return max(below, default=None)


def read_tag(name: str, prefix: str) -> Version | None:
    """The version of a tag; None for what is not one."""
    try:
        return parse(name, prefix)
    except TagRefused:
        return None


def may_break(base: Version | None, coming: Version | None) -> bool:
    """Whether a version promises nothing to users of another: a new major, or before 1.0 a new minor version."""
    if base is None or coming is None:
        return False
    return coming.major != base.major or (base.major == 0 and coming.minor != base.minor)


def compare(base: Base, head: Surface, coming: Version | None, given: Inputs, context: Context) -> Outcome:
    """The comparison, with the waivers of the project."""
    decided = read_waivers(given, context)
    today = context.now.date()
    judged = waivers.apply_waivers(compare_surfaces(base.surface, head), decided, today)
    name = coming.tag if coming else given.head or WORKSPACE
    findings = tuple(waivers.check_waivers(judged, decided, today))
    return Outcome(base.name, name, judged, findings, may_break=may_break(base.version, coming))


def read_waivers(given: Inputs, context: Context) -> tuple[Waiver, ...]:
    """The changes that people decided to make. One that was named and is missing is an error."""
    path = context.path(given.waivers)
    if given.waivers == waivers.FILE and not path.is_file():
        return ()
    return load_file(path, waivers.SHAPE, name=given.waivers).waivers


def write_report(outcome: Outcome, given: Inputs, context: Context) -> Report:
    """The result for people, for later steps and for a gate."""
    path = context.path(given.waivers)
    made = Envelope(
        NAME,
        outcome.verdict,
        context.now,
        tag=context.ref.removeprefix(TAG_REF) if context.ref.startswith(TAG_REF) else "",
        commit=context.sha,
        configuration=digest_of(path.read_bytes()) if path.is_file() else "",
        run=RunOfWorkflow.of(context),
        findings=outcome.findings,
        details=outcome.details(),
    )
    if given.report:
        write_workspace_file(context.path(given.report), given.report, made.text())
    exits = {Verdict.FAIL: ExitCode.REFUSED, Verdict.INCONCLUSIVE: ExitCode.UNKNOWN}
    changes: list[Output] = list(made.details["changes"])
    return Report(
        outputs={
            "verdict": outcome.verdict.value,
            "breaking": len(outcome.breaking),
            "unclear": len(outcome.unclear),
            "changes": changes,
            "base": outcome.base,
            "report": given.report,
            "report-digest": made.digest() if given.report else "",
            "surface": given.surface,
        },
        summary=write_summary(outcome),
        lines=(outcome.sentence,),
        findings=outcome.findings,
        exit_code=exits.get(outcome.verdict, ExitCode.PASS) if given.mode == ENFORCE else ExitCode.PASS,
    )


def report_no_release(given: Inputs, context: Context) -> Report:
    """Before the first release nothing is promised."""
    sentence = "There is no release in the history of the head, so nothing is promised yet."
    made = Envelope(NAME, Verdict.PASS, context.now, commit=context.sha, run=RunOfWorkflow.of(context))
    if given.report:
        write_workspace_file(context.path(given.report), given.report, made.text())
    outputs: dict[str, Output] = dict.fromkeys(OUTPUTS, "")
    outputs |= {"verdict": Verdict.PASS.value, "breaking": 0, "unclear": 0, "changes": []}
    outputs |= {"report": given.report, "surface": given.surface}
    outputs |= {"report-digest": made.digest()} if given.report else {}
    return Report(outputs=outputs, summary=f"{sentence}\n", lines=(sentence,))


def report_capture(head: Surface, given: Inputs) -> Report:
    """What was captured. Raises `InputError` when no input says where to."""
    if not given.surface:
        message = "Mode capture needs the input 'surface': the path that the surface is written to."
        raise InputError(message, hint="For example surface: interface.json.")
    sentence = f"{given.surface} has the surface of {counted(len(head.interfaces), 'interface')}."
    outputs: dict[str, Output] = dict.fromkeys(OUTPUTS, "")
    outputs |= {"surface": given.surface, "breaking": 0, "unclear": 0, "changes": []}
    return Report(outputs=outputs, summary=f"{sentence}\n", lines=(sentence,))
