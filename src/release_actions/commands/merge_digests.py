"""merge-digests: from the digests that build jobs pushed to published images, each with all platforms or not at all.

Every image is judged and published on its own: one that fails is reported and keeps no other from its tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from release_actions import built_digests, image_list, inputs, markdown
from release_actions.assembly import listed
from release_actions.built_digests import Claim
from release_actions.config import FILE, load_config
from release_actions.context import Context
from release_actions.errors import ActionError, ExitCode, InputError
from release_actions.http import Http
from release_actions.image_list import ListedImage
from release_actions.publish import Plan, Publisher, TagRules
from release_actions.registry_access import Login, connect
from release_actions.report import Finding, Level, Output, Report, counted
from release_actions.workflow import Workflow

AT_ONCE = 8
"""Images that are worked on at the same time."""


@dataclass(frozen=True)
class Inputs:
    """What actions/merge-digests/action.yml describes."""

    image_list: str = inputs.option(inputs.text, "", required=True)
    digests: str = inputs.option(inputs.text, "", required=True)
    config: str = inputs.option(inputs.text, FILE)
    hold_back: tuple[str, ...] = inputs.option(inputs.items, ())
    overwrite: bool = inputs.option(inputs.boolean, default=False)
    dry_run: bool = inputs.option(inputs.boolean, default=False)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    login_host: str = inputs.option(inputs.text, "")


OUTPUTS = ("images", "failed", "scan-matrix")


@dataclass(frozen=True)
class Result:
    """What came of one image: the plan that was carried out, or the error that stopped it."""

    image: ListedImage
    plan: Plan | None = None
    error: ActionError | None = None

    @property
    def digest(self) -> str:
        """What was published; empty if nothing was."""
        return self.plan.digest if self.plan and not self.error else ""


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Publish the images of the list, or say what publishing them would come to."""
    wanted = tuple(held(image, given.hold_back) for image in image_list.read(given.image_list))
    claims = built_digests.read(given.digests, context.path(given.digests))
    rules = rules_of(given.config, context, log)
    others = sorted({claim.package for claim in claims} - {image.package for image in wanted})
    if others:
        log.info(f"Digests of packages that are not in image-list are left alone: {', '.join(others)}.")
    with Http(log=log.info) as http:
        login = Login(given.registry_token, given.registry_user, given.login_host)
        registry = connect(http, wanted, login, context, log)
        publisher = Publisher(registry, rules, overwrite=given.overwrite)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="image") as pool:
            results = tuple(pool.map(lambda image: one(publisher, image, claims, dry_run=given.dry_run), wanted))
    return report(results, dry_run=given.dry_run)


def rules_of(config: str, context: Context, log: Workflow) -> TagRules:
    """Which tags float; the defaults where the usual file is not there and no other was named."""
    path = context.path(config)
    if config == FILE and not path.exists():
        log.info(f"There is no {FILE}: tags begin with v, and latest, vX and vX.Y float.")
        return TagRules()
    found = load_config(path, name=config)
    # The configuration refuses a package that is in both channels.
    dev = frozenset(package.reference for package in found.packages("dev"))
    return TagRules(found.tag_prefix, found.floating_tags, dev)


def held(image: ListedImage, names: tuple[str, ...]) -> ListedImage:
    """An image without the tags that are held back. Raises `InputError` when none is left."""
    tags = tuple(tag for tag in image.tags if tag not in names)
    if not tags:
        message = f"Input 'hold-back' holds every tag of {image.package} back."
        raise InputError(message, hint="Hold back those that float, and leave the one that says what it is.")
    return replace(image, tags=tags, entry={**image.entry, "tags": list(tags)})


def one(publisher: Publisher, image: ListedImage, claims: Iterable[Claim], *, dry_run: bool) -> Result:
    """One image. An error is its own: the others go on."""
    plan = None
    try:
        plan = publisher.plan(image, claims)
        if not dry_run:
            publisher.publish(plan)
    except ActionError as error:
        return Result(image, plan, error)
    return Result(image, plan)


def report(results: tuple[Result, ...], *, dry_run: bool) -> Report:
    """The results for people and for later steps."""
    lines = tuple(f"{result.image.package}: {sentence(result, dry_run=dry_run)}" for result in results)
    return Report(
        outputs={
            "images": [{**result.image.entry, "digest": result.digest} for result in results],
            "failed": [result.image.package for result in results if result.error],
            "scan-matrix": {"include": scans(results)},
        },
        summary=summary(results, dry_run=dry_run),
        lines=(*lines, verdict(results, dry_run=dry_run)),
        findings=tuple(finding for result in results for finding in findings_of(result)),
        exit_code=max((code_of(result) for result in results), default=ExitCode.PASS),
    )


def scans(results: Iterable[Result]) -> list[Output]:
    """An entry for each platform of an image that is to be scanned, as a scanner looks at one platform at a time."""
    parts = [
        {**result.image.entry, "digest": result.digest, "platform": str(platform)}
        for result in results
        if result.digest and result.image.entry.get("scan")
        for platform in result.image.platforms
    ]
    return [{**part, "artifact": str(number)} for number, part in enumerate(parts)]


def code_of(result: Result) -> ExitCode:
    """The exit code that an image asks for. One that is not required asks for none."""
    return result.error.exit_code if result.error and result.image.required else ExitCode.PASS


def findings_of(result: Result) -> Iterator[Finding]:
    """Why an image failed."""
    level = Level.ERROR if result.image.required else Level.WARNING
    for problem in result.error.problems if result.error else ():
        yield Finding(level, problem, rule="merge-digests")


def sentence(result: Result, *, dry_run: bool) -> str:
    """What came of an image, in a few words."""
    plan = result.plan
    if result.error or plan is None:
        return "failed, and is required." if result.image.required else "failed, and is not required."
    on = listed(sorted(plan.assembly.platforms))
    if not plan.changes:
        return f"{', '.join(plan.image.tags)} named {plan.digest} already, on {on}."
    return f"{', '.join(plan.changes)} {'would name' if dry_run else 'names'} {plan.digest}, on {on}."


def verdict(results: tuple[Result, ...], *, dry_run: bool) -> str:
    """The run in one sentence."""
    failed = sum(1 for result in results if result.error)
    done = f"{counted(len(results) - failed, 'image')} {'would be published' if dry_run else 'published'}"
    return f"{done}, {failed} failed." if failed else f"{done}."


def summary(results: tuple[Result, ...], *, dry_run: bool) -> str:
    """The job summary: a table of every image."""
    rows = (
        [
            markdown.code(result.image.package),
            markdown.codes(result.image.tags),
            markdown.code(result.digest) if result.digest else "none",
            markdown.codes(str(platform) for platform in result.image.platforms),
            markdown.plain(str(result.error) if result.error else sentence(result, dry_run=dry_run)),
        ]
        for result in results
    )
    head = ["Image", "Tags", "Digest", "Platforms", "Result"]
    return f"## Published images\n\n{verdict(results, dry_run=dry_run)}\n\n{markdown.table(head, rows)}\n"
