"""merge-digests: from the digests that build jobs pushed to published images, each with all platforms or not at all.

An image with several destinations is copied to all of them before it has its tag in any. Every image is judged and
published on its own: one that fails is reported and keeps no other from its tags. Asked for what is published already,
it reads what the tags name and pushes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from release_actions.builds import entry_list
from release_actions.config import FILE, load_whole
from release_actions.config.grammar import BUILT_AS
from release_actions.errors import ActionError, ExitCode, InputError, PartialError, PolicyError, Problem
from release_actions.http.client import Http
from release_actions.images import built_digests, image_list, inspection
from release_actions.images.assembly import join_platforms
from release_actions.images.built_digests import Claim
from release_actions.images.image_list import ListedImage
from release_actions.images.inspection import Expectation
from release_actions.images.publish import Publisher, PublishPlan, TagRules
from release_actions.images.registry_access import connect, list_hosts, require_logins
from release_actions.images.slots import list_promises, read_slots
from release_actions.registry.login import read_login
from release_actions.registry.registries import Registries
from release_actions.runner import inputs, markdown
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.runner.workflow import Workflow

AT_ONCE = 8
"""Images that are worked on at the same time."""


@dataclass(frozen=True)
class Inputs:
    """What actions/merge-digests/action.yml describes."""

    image_list: str = inputs.option(inputs.text, "", required=True)
    build_results: str = inputs.option(inputs.text, "")
    plan: str = inputs.option(inputs.text, "")
    digests: str = inputs.option(inputs.text, "")
    published_from: str = inputs.option(inputs.text, "")
    proved_images: str = inputs.option(inputs.text, "")
    config: str = inputs.option(inputs.text, FILE)
    hold_back: tuple[str, ...] = inputs.option(inputs.items, ())
    overwrite: bool = inputs.option(inputs.boolean, default=False)
    dry_run: bool = inputs.option(inputs.boolean, default=False)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    registry_credentials: str = inputs.option(inputs.text, "", secret=True)
    login_host: str = inputs.option(inputs.text, "")


OUTPUTS = ("images", "failed", "scan-matrix")

ImageGroup = tuple[ListedImage, ...]
"""An image that was built, and its copies in other packages."""


@dataclass(frozen=True)
class MergeResult:
    """What came of one image: the digest that its tags name now, those of them that did not before, or the error."""

    image: ListedImage
    digest: str = ""
    changes: tuple[str, ...] = ()
    error: ActionError | None = None


Judge = Callable[[ImageGroup], list[MergeResult]]


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Publish the images of the list, say what publishing them would come to, or what is published."""
    wanted = tuple(remove_held_back_tags(image, given.hold_back) for image in image_list.read(given.image_list))
    if [bool(given.build_results), bool(given.digests), bool(given.published_from)].count(True) != 1:
        message = "Exactly one of the inputs 'build-results', 'digests' and 'published-from' is needed."
        raise InputError(
            message, hint="Give build-results or digests to publish images, and published-from for published images."
        )
    if given.proved_images:
        wanted = tuple(bind_to_proof(given, wanted))
    with Http(log=log.info, redactor=log.redactor) as http:
        registries = connect_registries(given, wanted, context, http, log)
        if given.published_from:
            judge = make_finder(registries, given.published_from)
            groups: tuple[ImageGroup, ...] = tuple((image,) for image in wanted)
        else:
            claims = read_claims(given, context, wanted, log)
            rules = read_tag_rules(given.config, context, log)
            publisher = Publisher(registries, rules, overwrite=given.overwrite)
            judge = make_merger(publisher, claims, dry_run=given.dry_run)
            groups = group_copies(wanted)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="image") as pool:
            merged = [result for results in pool.map(judge, groups) for result in results]
    order = {image.label: number for number, image in enumerate(wanted)}
    results = tuple(sorted(merged, key=lambda result: order[result.image.label]))
    return make_report(results, dry_run=given.dry_run)


def bind_to_proof(given: Inputs, wanted: Iterable[ListedImage]) -> Iterator[ListedImage]:
    """The images with the digests that were proved: a tag may have been moved since. Raises `InputError`."""
    if not given.published_from:
        message = "Input 'proved-images' is about images that are published already."
        raise InputError(message, hint="Give it with 'published-from' only.")
    proved = {image.label: image for image in image_list.read(given.proved_images)}
    for image in wanted:
        proof = proved.get(image.label)
        if proof is None or proof.digest is None:
            message = f"Input 'proved-images' has no digest of {image.label}."
            raise InputError(message, hint="Pass promote's output images of the same images.")
        # The bytes are the candidate's, and so are their labels.
        entry = {key: value for key, value in image.entry.items() if key not in {"promised-labels", "built-as"}}
        labels = {BUILT_AS: proof.built_as} if proof.built_as else {}
        entry |= {"built-as": proof.built_as} if labels else {}
        yield replace(image, digest=proof.digest, promised_labels=labels, entry=entry)


def connect_registries(
    given: Inputs, wanted: Iterable[ListedImage], context: Context, http: Http, log: Workflow
) -> Registries:
    """A client for each registry of the list. Raises `InputError` where nothing logs in to one that is written."""
    login = read_login(given.registry_token, given.registry_user, given.login_host, given.registry_credentials)
    hosts = tuple(list_hosts(wanted))
    if not (given.published_from or given.dry_run):
        require_logins(hosts, login, context)
    return connect(http, hosts, login, context, log)


def read_claims(given: Inputs, context: Context, wanted: Iterable[ListedImage], log: Workflow) -> tuple[Claim, ...]:
    """What the build jobs pushed, of every package."""
    if given.build_results:
        planned = image_list.read(given.plan) if given.plan else wanted
        values = read_slots(given.build_results, list_promises(planned), context.attempt, "build-results")
        return built_digests.read_slots(values)
    claims = built_digests.read(given.digests, context.path(given.digests))
    others = sorted({claim.package for claim in claims} - {image.package for image in wanted})
    if others:
        log.info(f"Digests of packages that are not in image-list are skipped: {', '.join(others)}.")
    return claims


def read_tag_rules(config: str, context: Context, log: Workflow) -> TagRules:
    """Which tags float; the defaults where the usual file is not there and no other was named."""
    path = context.path(config)
    if config == FILE and not path.exists():
        log.info(f"There is no {FILE}: tags begin with v, and latest, vX and vX.Y float.")
        return TagRules()
    loaded = load_whole(path, name=config)
    dev = frozenset(package.reference for package in (*loaded.packages("dev"), *loaded.pull_requests))
    shared = frozenset(package.reference for package in loaded.packages("release") if package.reference in dev)
    first, *others = loaded.schemes
    return TagRules(first, loaded.all_floating_tags, tuple(others), dev, shared)


def remove_held_back_tags(image: ListedImage, names: tuple[str, ...]) -> ListedImage:
    """An image without the tags that are held back. Raises `InputError` when none is left."""
    tags = tuple(tag for tag in image.tags if tag not in names)
    if not tags:
        message = f"Input 'hold-back' holds every tag of {image.package} back."
        raise InputError(message, hint="Hold back floating tags only, and keep the exact tag.")
    return replace(image, tags=tags, entry={**image.entry, "tags": list(tags)})


def group_copies(wanted: Iterable[ListedImage]) -> tuple[ImageGroup, ...]:
    """Each image that was built, with its copies behind it. Raises `InputError` for a copy of what is not listed."""
    groups: dict[str, list[ListedImage]] = {}
    copies = []
    for image in wanted:
        if image.copy_of:
            copies.append(image)
        else:
            groups[image.label] = [image]
    problems = [
        Problem(f"'image-list' names {copy.label}, and not {copy.copy_of}, which it is a copy of.", image_list.HINT)
        for copy in copies
        if copy.copy_of not in groups
    ]
    if problems:
        raise InputError(problems=problems)
    for copy in copies:
        groups[copy.copy_of].append(copy)
    return tuple(map(tuple, groups.values()))


def make_merger(publisher: Publisher, claims: Iterable[Claim], *, dry_run: bool) -> Judge:
    """What merges an image from the digests of its platforms, and publishes it in all of its destinations or in none.

    An error is the group's own: the other images go on.
    """

    def merge(group: ImageGroup) -> list[MergeResult]:
        at, tagged = group[0], list[str]()
        try:
            plans = [publisher.plan(at, claims)]
            require_digest(plans[0])
            for at in group[1:]:
                plans.append(publisher.plan_copy(at, plans[0]))  # an error has to know at which
            if not dry_run:
                # Every byte is everywhere before the first tag is anywhere. What was built is tagged last: as long as
                # it is not, the same run repeated builds and publishes all of it.
                for plan in plans[1:]:
                    at = plan.image
                    publisher.copy(plan, group[0])
                for plan in reversed(plans):
                    at = plan.image
                    publisher.publish(plan)
                    tagged.append(at.label)
        except ActionError as error:
            return [MergeResult(image, error=explain_failure(image, at, tagged, error)) for image in group]
        return [MergeResult(plan.image, plan.digest, plan.changes) for plan in plans]

    return merge


def require_digest(plan: PublishPlan) -> None:
    """Raise `PolicyError` for an image that does not come to the digest of its list: another one was verified."""
    image = plan.image
    if image.digest and image.digest != plan.digest:
        message = f"{image.label} was verified as {image.digest}, and what was built comes to {plan.digest}."
        raise PolicyError(message, hint="Find out what changed the image since it was verified, and build it again.")


def explain_failure(image: ListedImage, at: ListedImage, tagged: list[str], error: ActionError) -> ActionError:
    """Why one image of a group failed, of which `at` has the error, and `tagged` have their tags."""
    if image is at:
        return error
    why = f"{at.label} failed, and an image is published in all of its destinations or in none."
    if image.label in tagged:
        message = f"{image.label} has its tags already, but {why}"
        return PartialError(message, done=1, total=2, hint="Run this again once the other one can be published.")
    message = f"{image.label} is not published: {why}"
    return PolicyError(message) if isinstance(error, PolicyError) else PartialError(message, done=0, total=1)


def make_finder(registries: Registries, commit: str) -> Judge:
    """What finds an image under its tags: the same one under all, complete, and built from the commit."""
    expected = Expectation(commit, ("revision",))

    def find(group: ImageGroup) -> list[MergeResult]:
        (image,) = group
        try:
            seen = inspection.judge_image(image, inspection.read_image(registries.of(image.registry), image), expected)
            if seen.problems:
                raise PolicyError(problems=seen.problems)
        except ActionError as error:
            return [MergeResult(image, error=error)]
        return [MergeResult(image, seen.digest)]

    return find


def make_report(results: tuple[MergeResult, ...], *, dry_run: bool) -> Report:
    """The results for people and for later steps."""
    lines = tuple(f"{result.image.label}: {describe(result, dry_run=dry_run)}" for result in results)
    return Report(
        outputs={
            "images": entry_list.shorten(
                ({**result.image.entry, "digest": result.digest} for result in results), entry_list.LIST_LIMIT
            ),
            "failed": [result.image.label for result in results if result.error],
            "scan-matrix": {"include": list_scans(results)},
        },
        summary=make_summary(results, dry_run=dry_run),
        lines=(*lines, describe_all(results, dry_run=dry_run)),
        findings=tuple(finding for result in results for finding in make_findings(result)),
        exit_code=max((exit_code(result) for result in results), default=ExitCode.PASS),
    )


def list_scans(results: Iterable[MergeResult]) -> list[Output]:
    """An entry for each platform of an image that is to be scanned, as a scanner reads one platform at a time."""
    parts = [
        {
            **result.image.entry,
            "digest": result.digest,
            "platform": str(platform),
            "slot": str(result.image.slots.get(platform, "")),
        }
        for result in results
        if result.digest and result.image.entry.get("scan")
        for platform in result.image.platforms
    ]
    return [{**part, "slot": part["slot"] or str(number)} for number, part in enumerate(parts)]


def exit_code(result: MergeResult) -> ExitCode:
    """The exit code that an image asks for. One that is not required asks for none."""
    return result.error.exit_code if result.error and result.image.required else ExitCode.PASS


def make_findings(result: MergeResult) -> Iterator[Finding]:
    """Why an image failed."""
    level = Level.ERROR if result.image.required else Level.WARNING
    for problem in result.error.problems if result.error else ():
        yield Finding(level, problem, rule="merge-digests")


def describe(result: MergeResult, *, dry_run: bool) -> str:
    """What came of an image, in a few words."""
    if result.error:
        return "failed, and is required." if result.image.required else "failed, and is not required."
    on = join_platforms(result.image.platforms)
    if not result.changes:
        return f"{', '.join(result.image.tags)} named {result.digest} already, on {on}."
    return f"{', '.join(result.changes)} {'would name' if dry_run else 'names'} {result.digest}, on {on}."


def describe_all(results: tuple[MergeResult, ...], *, dry_run: bool) -> str:
    """The run in one sentence."""
    failed = sum(1 for result in results if result.error)
    done = f"{counted(len(results) - failed, 'image')} {'would be published' if dry_run else 'published'}"
    return f"{done}, {failed} failed." if failed else f"{done}."


def make_summary(results: tuple[MergeResult, ...], *, dry_run: bool) -> str:
    """The job summary: a table of every image."""
    rows = (
        [
            markdown.code(result.image.label),
            markdown.codes(result.image.tags),
            markdown.code(result.digest) if result.digest else "none",
            markdown.codes(str(platform) for platform in result.image.platforms),
            markdown.plain(str(result.error) if result.error else describe(result, dry_run=dry_run)),
        ]
        for result in results
    )
    head = ["Image", "Tags", "Digest", "Platforms", "Result"]
    return f"## Published images\n\n{describe_all(results, dry_run=dry_run)}\n\n{markdown.table(head, rows)}\n"
