"""protect-latest: floating tags as desired state. Reports what differs, or moves it.

Every image is judged on its own and all are tried: a broken one never keeps another's `latest` wrong. The event that
started the run has no say in where a tag goes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from release_actions import git_tags, inputs, markdown
from release_actions.config import Config, Package, load_config
from release_actions.context import Context
from release_actions.errors import ActionError, ExitCode
from release_actions.floating import FloatingPlan, Keep, Move, Orphan
from release_actions.http import Http
from release_actions.matrix import select
from release_actions.reconcile import Judged, Reconciler, Rules
from release_actions.registry import Registry, registry_url
from release_actions.report import Finding, Level, Output, Report
from release_actions.versions import known
from release_actions.workflow import Workflow

GHCR = "ghcr.io"
AT_ONCE = 8
"""Packages that are worked on at the same time."""


@dataclass(frozen=True)
class Inputs:
    """What actions/protect-latest/action.yml describes."""

    mode: str = inputs.option(inputs.choice("check", "enforce"), "check")
    config: str = inputs.option(inputs.text, "release.yaml")
    images: tuple[str, ...] = inputs.option(inputs.items, ("all",))
    existing_tags: tuple[str, ...] = inputs.option(inputs.items, ())
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = ("drift", "plan", "plan-digest", "moved", "failed")


@dataclass(frozen=True)
class Result:
    """What came of one package: judged, or why not. `absent`: there is no such package."""

    package: Package
    judged: Judged | None = None
    moved: tuple[Move, ...] = ()
    error: ActionError | None = None
    absent: bool = False

    @property
    def plan(self) -> FloatingPlan:
        """Its plan; an empty one where there is none."""
        return self.judged.plan if self.judged else FloatingPlan((), ())

    @property
    def drifted(self) -> bool:
        """Whether a floating tag was not where it has to be."""
        return bool(self.plan.moves or self.plan.orphans)


@dataclass
class Progress:
    """Counts packages as they end, for the log."""

    total: int
    log: Workflow
    done: int = field(default=0)

    def say(self, result: Result) -> None:
        """One line for a package that has ended."""
        self.done += 1
        self.log.info(f"[{self.done}/{self.total}] {result.package.reference}: {sentence(result)}")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Check or enforce the floating tags of the images that the inputs name."""
    config = load_config(context.path(given.config), name=given.config)
    selected = select(config, "release", given.images)
    packages = [package for package in config.packages("release") if package.image in selected]
    tags = git_tags.read(given.existing_tags, context, given.token, log)
    rules = Rules(known(tags.names, config.tag_prefix), config.floating_tags, config.skip, config.tag_prefix)
    with Http(log=log.info) as http:
        token = registry_token(given, config, context, log)
        registry = Registry(http, registry_url(config.registry, context.registry_url), token=token)
        reconciler = Reconciler(registry, rules)
        results = work(packages, reconciler, given.mode, Progress(len(packages), log))
    return report(results, given.mode)


def registry_token(given: Inputs, config: Config, context: Context, log: Workflow) -> str:
    """The token for the registry. GitHub's own never goes to a registry that is not GitHub's."""
    host = context.server_url.partition("://")[2]
    github = config.registry == GHCR or config.registry.endswith(f".{host}") or bool(context.registry_url)
    if github or given.registry_token != given.token:
        return given.registry_token
    log.info(f"{config.registry} is not GitHub's: it is asked without a token. Set registry-token to one of its own.")
    return ""


def work(packages: Iterable[Package], reconciler: Reconciler, mode: str, progress: Progress) -> tuple[Result, ...]:
    """Every package, several at once, in the order of the configuration."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="package") as pool:
        futures = [pool.submit(one, package, reconciler, mode) for package in packages]
        results = []
        for future in futures:
            results.append(future.result())
            progress.say(results[-1])
    return tuple(results)


def one(package: Package, reconciler: Reconciler, mode: str) -> Result:
    """One package. An error is its own: the others go on."""
    try:
        if mode == "check":
            judged = reconciler.judge(package)
            return Result(package, judged, absent=judged is None)
        ended = reconciler.enforce(package)
    except ActionError as error:
        return Result(package, error=error)
    return Result(package, absent=True) if ended is None else Result(package, *ended)


def sentence(result: Result) -> str:
    """What came of a package, in a few words."""
    if result.error:
        return f"failed. {result.error}"
    if result.absent:
        return "not published yet"
    if result.moved:
        return "moved " + ", ".join(f"{move.tag} to {move.version.tag}" for move in result.moved)
    drift = [move.tag for move in result.plan.moves] + [orphan.tag for orphan in result.plan.orphans]
    return f"wrong: {', '.join(drift)}" if drift else "right"


def report(results: tuple[Result, ...], mode: str) -> Report:
    """The results for people and for later steps."""
    rows = [row for result in results for row in plan_rows(result)]
    moved = [{"package": result.package.reference, **move_json(move)} for result in results for move in result.moved]
    digests = {result.package.reference: result.plan.digest for result in results}
    whole = json.dumps(digests, sort_keys=True, separators=(",", ":")).encode()
    drift = any(result.drifted for result in results)
    return Report(
        outputs={
            "drift": drift,
            "plan": list(rows),
            "plan-digest": "sha256:" + hashlib.sha256(whole).hexdigest(),
            "moved": list(moved),
            "failed": [result.package.reference for result in results if result.error],
        },
        summary=summary(results, mode),
        lines=(verdict(results, mode),),
        findings=tuple(finding for result in results for finding in findings_of(result, mode)),
        exit_code=exit_code(results, mode),
    )


def exit_code(results: Iterable[Result], mode: str) -> ExitCode:
    """3 if a package could not be judged or repaired, 1 if a check found drift, else 0."""
    results = tuple(results)
    if any(result.error for result in results):
        return ExitCode.UNKNOWN
    drift = mode == "check" and any(result.drifted for result in results)
    return ExitCode.REFUSED if drift else ExitCode.PASS


def findings_of(result: Result, mode: str) -> Iterable[Finding]:
    """What a person should look at in one package."""
    name = result.package.reference
    if result.error:
        for problem in result.error.problems:
            yield Finding(Level.ERROR, problem, rule="protect-latest")
    level = Level.ERROR if mode == "check" else Level.NOTICE
    for move in result.plan.moves if mode == "check" else result.moved:
        hint = "Run protect-latest with mode: enforce." if mode == "check" else ""
        yield Finding.of(level, f"{name}: {move.reason}", hint=hint, rule="floating-tag")
    for orphan in result.plan.orphans:
        level = Level.ERROR if mode == "check" else Level.WARNING
        yield Finding.of(level, f"{name}: {orphan.message}", hint=orphan.hint, rule="floating-tag")
    for found in result.plan.findings:
        why = result.judged.broken.get(found.version, "") if result.judged else ""
        message = f"{name}: {found.message}" + (f" Of {found.version}, {why}." if why else "")
        yield Finding.of(Level.WARNING, message, hint=found.hint, rule=found.name, place=result.package.place)


def plan_rows(result: Result) -> Iterable[dict[str, Output]]:
    """Every floating tag of a package as a JSON object."""
    for item in result.plan.floats:
        row: dict[str, Output] = {"package": result.package.reference, "tag": item.tag}
        match item:
            case Keep():
                row |= {"action": "keep", "from": item.digest, "to": item.digest, "release": item.version.tag}
            case Move():
                row |= {"action": "move", **move_json(item)}
            case Orphan():
                row |= {
                    "action": "leave",
                    "from": item.digest,
                    "to": item.digest,
                    "release": "",
                    "reason": item.message,
                }
        yield row


def move_json(move: Move) -> dict[str, Output]:
    """A move as a JSON object."""
    return {"tag": move.tag, "from": move.before, "to": move.after, "release": move.version.tag, "reason": move.reason}


def verdict(results: tuple[Result, ...], mode: str) -> str:
    """The run in one sentence."""
    failed = sum(1 for result in results if result.error)
    moved = sum(len(result.moved) for result in results)
    wrong = sum(len(result.plan.moves) for result in results)
    orphans = sum(len(result.plan.orphans) for result in results)
    parts = [f"{len(results)} images"]
    if mode == "enforce":
        parts.append(f"{moved} floating tags moved")
    else:
        parts.append(f"{wrong} floating tags wrong")
    if orphans:
        parts.append(f"{orphans} floating tags without a release left alone")
    if failed:
        parts.append(f"{failed} images could not be done")
    return ", ".join(parts) + "."


def summary(results: tuple[Result, ...], mode: str) -> str:
    """The job summary: a table of every floating tag."""
    rows = []
    for result in results:
        name = markdown.code(result.package.reference)
        if result.error or result.absent:
            rows.append([name, "", "", "", markdown.plain(sentence(result))])
        for item in result.plan.floats:
            tag = markdown.code(item.tag)
            match item:
                case Keep():
                    rows.append([name, tag, item.version.tag, short(item.digest), "right"])
                case Move():
                    done = "**moved**" if mode == "enforce" else "**wrong**"
                    change = f"{short(item.before)} → {short(item.after)}"
                    rows.append([name, tag, item.version.tag, change, f"{done}: {markdown.plain(item.reason)}"])
                case Orphan():
                    rows.append([name, tag, "none", short(item.digest), markdown.plain(item.message)])
    head = ["Image", "Floating tag", "Release", "Digest", "Result"]
    return f"## Floating tags\n\n{markdown.plain(verdict(results, mode))}\n\n{markdown.table(head, rows)}\n"


def short(digest: str) -> str:
    """A digest for a table."""
    return markdown.code(digest.removeprefix("sha256:")[:12]) if digest else "none"
