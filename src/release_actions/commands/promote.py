"""promote: what was tested is what is released. Puts the bytes of a candidate under the final tag, in every package.

Every package is read and judged before the first write, and one that is refused keeps all from being promoted. Floating
tags are not touched: protect-latest moves them afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from release_actions.builds.matrix import ALL, select_images
from release_actions.config import FILE, Config, Package, load_config
from release_actions.errors import ActionError, InputError, PolicyError, Problem
from release_actions.github import repository as github_repository
from release_actions.github.workflow_runs import Workflows
from release_actions.http.client import Http
from release_actions.images.attested import Attestations, make_trust
from release_actions.images.image_list import ListedImage
from release_actions.images.manifests import Platform
from release_actions.images.plain_tags import require_plain_tags
from release_actions.images.provenance import Level as Provenance
from release_actions.images.provenance import Source
from release_actions.images.registry_access import connect, list_package_hosts, require_logins
from release_actions.promotion import report
from release_actions.promotion.candidate import (
    Lock,
    find_locked_candidate,
    list_candidates,
    parse_candidate,
    parse_final,
)
from release_actions.promotion.identified_lock import fetch_lock, read_lock_file
from release_actions.promotion.reading import Reader
from release_actions.promotion.report import Checked, Outcome, make_report
from release_actions.promotion.subject import (
    CandidateLabel,
    Promotion,
    Subject,
    find_label_problems,
    find_problems,
)
from release_actions.promotion.writing import Writer
from release_actions.registry.login import read_login
from release_actions.registry.names import REPOSITORY
from release_actions.registry.registries import Registries
from release_actions.runner import inputs
from release_actions.runner.context import COMMIT, TAG_REF, Context
from release_actions.runner.envelope import REPORT_OUTPUTS
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.versions.grammar import WithoutCandidate
from release_actions.versions.version import Version, parse_or_none

NUMBER = re.compile(r"[1-9][0-9]{0,18}")
AT_ONCE = 8
"""Packages that are read at the same time."""

SIGNER = "llm-d/release-actions/.github/workflows/build-and-publish.yml"


@dataclass(frozen=True)
class Inputs:
    """What actions/promote/action.yml describes."""

    from_: str = inputs.option(inputs.text, "")
    to: str = inputs.option(inputs.text, "", required=True)
    config: str = inputs.option(inputs.text, FILE)
    images: tuple[str, ...] = inputs.option(inputs.items, ALL)
    lock_digest: str = inputs.option(inputs.text, "")
    lock_run: str = inputs.option(inputs.text, "")
    lock_artifact: str = inputs.option(inputs.text, "images-lock")
    source_packages: tuple[str, ...] = inputs.option(inputs.lines, ())
    revision: str = inputs.option(inputs.text, "")
    candidate_label: CandidateLabel = inputs.option(inputs.member(CandidateLabel), CandidateLabel.WARN)
    signer: str = inputs.option(inputs.text, SIGNER)
    bundle: str = inputs.option(inputs.text, "")
    trusted_root: str = inputs.option(inputs.text, "")
    dry_run: bool = inputs.option(inputs.boolean, default=False)
    report: str = inputs.option(inputs.written_file, "")
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)
    registry_user: str = inputs.option(inputs.text, "")
    registry_credentials: str = inputs.option(inputs.text, "", secret=True)
    login_host: str = inputs.option(inputs.text, "")


OUTPUTS = (*report.OUTPUTS, *REPORT_OUTPUTS)


class NoCandidateError(PolicyError):
    """No candidate is on the release's commit, and everything that says so was read."""


@dataclass(frozen=True)
class Origin:
    """What is promoted: the candidate, its commit, and the lock that names its digests, if one was given."""

    candidate: Version
    commit: str
    lock: Lock | None = None


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Promote a candidate in every package, or say what that would come to."""
    config = load_config(context.path(given.config), name=given.config, tag=given.to)
    require_plain_tags(config, "promote", "Release with ci-release.yaml, which builds the final images.", copies=True)
    final = parse_final(given.to, config.tag_prefix)
    with Http(log=log.info, redactor=log.redactor) as http:
        try:
            origin = find_origin(given, context, http, final)
        except NoCandidateError:
            if config.without_candidate is not WithoutCandidate.REBUILD:
                raise
            return hand_over(config, given, context, http, final, log)
        subjects = list_subjects(config, given, origin.candidate, final)
        registries = connect_to_packages(config, subjects, given, context, http, log)
        attestations = Attestations(http, context, make_trust(given.bundle, given.trusted_root, context), given.token)
        reader = Reader(registries, attestations, make_source(given, context, origin), origin.lock)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="package") as pool:
            checked = tuple(pool.map(lambda each: check_subject(reader, each, final, given.candidate_label), subjects))
        outcome = Outcome(origin.candidate, final, require_any(checked), dry_run=given.dry_run)
        if not outcome.is_refused and not given.dry_run:
            written = Writer(registries).write(each.promotion for each in checked if each.promotion)
            outcome = replace(outcome, written=written)
    return make_report(outcome)


def connect_to_packages(
    config: Config, subjects: tuple[Subject, ...], given: Inputs, context: Context, http: Http, log: Workflow
) -> Registries:
    """The registries of the packages, with the logins that they need for what is to be done."""
    named = {image.registry for subject in subjects for image in (subject.source, subject.target)}
    hosts = [each for each in list_package_hosts(config.packages("release")) if each.host in named]
    login = read_login(given.registry_token, given.registry_user, given.login_host, given.registry_credentials)
    if not given.dry_run:
        require_logins(hosts, login, context)
    return connect(http, hosts, login, context, log)


def hand_over(config: Config, given: Inputs, context: Context, http: Http, final: Version, log: Workflow) -> Report:
    """Leave a final without a candidate to a build. Raises `PolicyError` where a package has its tag already.

    What stands there may be a promoted image whose candidate's tag is gone, and a build would replace it.
    """
    subjects = list_subjects(config, given, final, final)
    registries = connect_to_packages(config, subjects, given, context, http, log)
    published = [
        each.target.package
        for each in subjects
        if registries.of(each.target.registry).head_manifest(each.target.name, final.tag)
    ]
    if published:
        message = f"No candidate of {final.tag} is on its commit, and {', '.join(published)} has that tag already."
        raise PolicyError(message, hint="Released images are not replaced. Release under a new tag.")
    return report.make_hand_over(final)


def find_origin(given: Inputs, context: Context, http: Http, final: Version) -> Origin:
    """The candidate to promote: the one that was named, that of the lock, or the last one of the release's commit."""
    commit = require_commit(given.revision) if given.revision else find_commit(final.tag, given, context, http)
    lock = read_lock(given, context, http, commit, final)
    if lock and lock.revision != commit:
        message = f"The lock is of images of the commit {lock.revision}, and {final.tag} is on {commit}."
        raise PolicyError(message, hint="Only what was tested is released: put the tag on the candidate's commit.")
    if lock:
        return Origin(find_locked_candidate(lock, final), commit, lock)
    if given.from_:
        return Origin(parse_candidate(given.from_, final), commit)
    return Origin(find_last_candidate(final, commit, given, context, http), commit)


def read_lock(given: Inputs, context: Context, http: Http, commit: str, final: Version) -> Lock | None:
    """The lock that was given, by the run that keeps it or as a file. A text that is a version is a tag."""
    if given.lock_run:
        if given.from_:
            message = "Inputs 'from' and 'lock-run' both say what to promote."
            raise InputError(message, hint="Leave one of them out.")
        if not NUMBER.fullmatch(given.lock_run):
            message = f"Input 'lock-run' is {given.lock_run[:80]!r}, which is not the id of a run."
            raise InputError(message, hint="Write the number at the end of the run's address.")
        workflows = Workflows(http, context.api_url, require_repository(context), token=given.token)
        return fetch_lock(workflows, int(given.lock_run), given.lock_artifact, commit, final)
    path = context.path(given.from_)
    if not given.from_ or parse_or_none(given.from_, final.prefix) or not path.is_file():
        return None
    return read_lock_file(path, given.from_, given.lock_digest)


def require_commit(text: str) -> str:
    """A commit that was given. Raises `InputError`."""
    if not COMMIT.fullmatch(text):
        message = f"Input 'revision' is {text[:80]!r}, which is not a commit."
        raise InputError(message, hint="Write all 40 digits 0-9a-f, or leave it out.")
    return text


def find_commit(tag: str, given: Inputs, context: Context, http: Http) -> str:
    """The commit of a git tag on GitHub. Raises `PolicyError` when there is no such tag."""
    repository = require_repository(context)
    commit = github_repository.commit_of_ref(http, context.api_url, repository, f"tags/{tag}", token=given.token)
    if not commit:
        message = f"{repository} has no git tag {tag}, or it is not visible to the token."
        raise PolicyError(message, hint="Push the release's tag to the candidate's commit first, or give revision.")
    return commit


def find_last_candidate(final: Version, commit: str, given: Inputs, context: Context, http: Http) -> Version:
    """The newest candidate of a release whose git tag is on its commit. Raises `NoCandidateError` without one."""
    repository, token = require_repository(context), given.token
    tags = {tag.name: tag for tag in github_repository.list_tags(http, context.api_url, repository, token=token)}
    candidates = list_candidates(tags, final)
    for candidate in candidates:
        tag = tags[candidate.tag]
        if github_repository.commit_of(http, context.api_url, repository, tag, token=token) == commit:
            return candidate
    last = f" The last one, {candidates[0].tag}, is on another." if candidates else ""
    message = f"No candidate of {final.tag} is on its commit {commit}.{last}"
    hint = "Only what was tested is released: put the tag on the commit of a candidate, or build the release."
    raise NoCandidateError(message, hint=hint)


def require_repository(context: Context) -> str:
    """The repository that releases. Raises `InputError` when it is not known."""
    if not context.repository:
        message = "The repository whose git tags are read is not known."
        raise InputError(message, hint="Run in a workflow, or pass --repository owner/name.")
    return context.repository


def make_source(given: Inputs, context: Context, origin: Origin) -> Source:
    """What the attestation of each candidate has to say."""
    ref, server = TAG_REF + origin.candidate.tag, context.server_url.rstrip("/")
    return Source(require_repository(context), origin.commit, ref, given.signer, server)


def list_subjects(config: Config, given: Inputs, candidate: Version, final: Version) -> tuple[Subject, ...]:
    """Every package to promote. Raises `InputError` for sources that do not fit."""
    selected = select_images(config, "release", given.images)
    packages = [package for package in config.packages("release") if package.image in selected]
    sources = parse_source_packages(given.source_packages, packages)
    return tuple(
        Subject(
            source=list_image(package, sources.get(package.reference, package.reference), candidate.tag),
            target=list_image(package, package.reference, final.tag),
            built_as=package.describe_build(candidate.tag),
        )
        for package in packages
    )


def list_image(package: Package, reference: str, tag: str) -> ListedImage:
    """A package of the configuration under one tag, or another package that is built the same."""
    platforms = tuple(sorted(Platform.parse(platform) for platform in package.platforms))
    return ListedImage(reference, (tag,), platforms, required=package.required)


def parse_source_packages(lines: Iterable[str], packages: Iterable[Package]) -> dict[str, str]:
    """Package of the release -> package of its candidate. Raises `InputError` with every mistake."""
    registries = {package.reference: package.registry for package in packages}
    sources: dict[str, str] = {}
    problems = []
    for line in lines:
        target, _, source = (part.strip() for part in line.partition("="))
        host, _, name = source.partition("/")
        if target not in registries:
            problems.append(f"names {target[:200]!r}, which is not a package of the release")
        elif host != registries[target] or not REPOSITORY.fullmatch(name):
            problems.append(f"gives {target} the source {source[:200]!r}, which is not a package of the same registry")
        else:
            sources[target] = source
    if problems:
        hint = "Write one PACKAGE=SOURCE a line, both with their registry."
        raise InputError(problems=[Problem(f"Input 'source-packages' {text}.", hint) for text in problems])
    return sources


def check_subject(reader: Reader, subject: Subject, final: Version, labels: CandidateLabel) -> Checked:
    """The plan for one package, or why there is none. An error is its own: the others are still read."""
    try:
        known = reader.read(subject)
    except ActionError as error:
        return Checked(subject, error=error)
    problems = tuple(find_problems(subject, known))
    # GitHub has an attestation and gh does not accept it: somebody else's, or gh could not finish.
    is_unknown = known.provenance is Provenance.LISTED
    if known.root is None:
        return Checked(subject, problems=problems, skipped=not subject.source.required)
    about_labels = tuple(find_label_problems(subject, known, final))
    if labels is CandidateLabel.REFUSE:
        problems += about_labels
    if problems:
        return Checked(subject, problems=problems, is_unknown=is_unknown)
    warnings = about_labels if labels is CandidateLabel.WARN else ()
    (built_as,) = known.built_as if len(known.built_as) == 1 else ("",)
    return Checked(subject, Promotion(subject, known.root, known.before, known.content, warnings, built_as))


def require_any(checked: tuple[Checked, ...]) -> tuple[Checked, ...]:
    """The packages, none of them skipped if all were: a release has at least one."""
    if all(each.skipped for each in checked):
        return tuple(replace(each, skipped=False) for each in checked)
    return checked
