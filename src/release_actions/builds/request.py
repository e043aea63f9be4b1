"""From what is asked of a run to its plan: which commit or tag is built, what changed, and the jobs that follow.

Reads the workspace and its git. Whoever calls says which tag is meant and who knows the commits of moving refs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from release_actions.builds import changes, event, matrix
from release_actions.builds.changes import ChangedFiles
from release_actions.builds.event import BRANCH_REF, Build
from release_actions.builds.image_metadata import Metadata, RepositoryFacts, find_own_labels, read_seconds
from release_actions.builds.matrix import Matrix
from release_actions.builds.path_check import find_missing_paths, find_missing_version_file, leads_out
from release_actions.builds.recipe import Resolve, needs_version_file
from release_actions.builds.runner_labels import RULE, find_unknown_runners
from release_actions.builds.stage_check import RULE as STAGE_RULE
from release_actions.builds.stage_check import find_missing_stages
from release_actions.builds.version_file import VersionFile
from release_actions.config import Config, load_config, load_whole
from release_actions.errors import ConfigurationError, InputError, PolicyError
from release_actions.git.commits import Commits
from release_actions.runner.context import COMMIT, TAG_REF, Context
from release_actions.runner.report import Finding, Level
from release_actions.runner.workflow import Workflow
from release_actions.versions.version import parse


@dataclass(frozen=True)
class PlanRequest:
    """What is asked of a run. `tag` is the release to build, empty for any other build.

    `facts`: what GitHub says of the repository; None to take them from the event.
    """

    tag: str = ""
    config: str = "release.yaml"
    images: tuple[str, ...] = ("all",)
    changed_files: tuple[str, ...] = ()
    fetch: bool = True
    overrides: tuple[str, ...] = ()
    pull_request: int = 0
    build_commit: str = ""
    facts: RepositoryFacts | None = None


@dataclass(frozen=True)
class RunPlan:
    """What a run builds, and the jobs that do."""

    build: Build
    matrix: Matrix


def plan_run(request: PlanRequest, context: Context, log: Workflow, resolve: Resolve) -> RunPlan:
    """Plan the builds of one run. `resolve` is asked for commits of refs that can move."""
    path = context.path(request.config)
    # What is no release is of no component: every image may be built.
    name, tag = request.config, request.tag
    config = load_config(path, name=name, tag=tag) if tag else load_whole(path, name=name)
    context = fill_from_checkout(context)
    build = make_build(request, context, config)
    build = replace(build, metadata=read_metadata(request, build, context, config))
    planned = matrix.plan_builds(
        config,
        build,
        request.images,
        context.now,
        resolve=resolve,
        changes=find_changes(request, build, context, config, log),
        versions=load_version_file(config, build, context),
    )
    packages = config.packages(planned.channel)
    problems = tuple(find_missing_paths(config, (job.package for job in planned.jobs), context.workspace))
    if problems:
        raise ConfigurationError(problems=problems)
    if any(package.paths for package in packages):
        from release_actions.builds.path_coverage import find_uncovered

        planned = replace(planned, findings=(*planned.findings, *find_uncovered(config, packages, context.workspace)))
    built = tuple(job.package for job in planned.jobs)
    warnings = (
        *((RULE, problem) for problem in find_unknown_runners(config, built, context.workspace)),
        *((STAGE_RULE, problem) for problem in find_missing_stages(config, built, context.workspace)),
    )
    findings = tuple(Finding(Level.WARNING, problem, rule) for rule, problem in warnings)
    planned = replace(planned, findings=(*planned.findings, *findings))
    if build.branch_note:
        notice = Finding.of(Level.NOTICE, build.branch_note, rule="branch-tag")
        planned = replace(planned, findings=(*planned.findings, notice))
    return RunPlan(build, planned)


def fill_from_checkout(context: Context) -> Context:
    """The run with the commit and the branch of the checkout where no runner says them: on a laptop."""
    if context.sha or context.environ.get("GITHUB_ACTIONS"):
        return context
    commits = Commits(context.workspace, may_fetch=False, log=lambda _: None)
    try:
        sha, branch = commits.head, commits.branch
    except InputError:  # not a checkout: the build says which commit it needs
        return context
    return replace(context, sha=sha, ref=context.ref or (f"{BRANCH_REF}{branch}" if branch else ""))


def make_build(request: PlanRequest, context: Context, config: Config) -> Build:
    """What the run builds: the tag given, the event's tag, or the commit of any other event."""
    name = request.tag
    pull = context.event.get("pull_request")
    if request.build_commit and not COMMIT.fullmatch(request.build_commit):
        message = f"Input 'build-commit' is {request.build_commit[:80]!r}, which is not a commit."
        raise InputError(message, hint="Pass all of its 40 digits.")
    if name and (pull or request.pull_request):
        message = f"The code of a pull request cannot be built as the release {name.removeprefix(TAG_REF)}."
        raise PolicyError(message, hint="Merge it, and tag the result.")
    if name and request.build_commit not in {"", context.sha}:
        message = f"The release {name.removeprefix(TAG_REF)} is built from its own commit, not from another one."
        raise PolicyError(message, hint="Leave build-commit out, or put a tag on that commit.")
    build = Build(
        sha=request.build_commit or context.sha,
        overrides=dict(parse_override(line) for line in request.overrides),
        run_id=context.environ.get("GITHUB_RUN_ID", ""),
        web=f"{context.server_url}/{config.repository}",
    )
    if name:
        version = parse(name, config.tag_prefix)
        return replace(build, version=version, ref_name=version.tag)
    if isinstance(pull, dict):
        number = int(pull["number"])
        return replace(
            build, sha=request.build_commit or str(pull["head"]["sha"]), pull=number, ref_name=f"pr-{number}"
        )
    branch = context.ref.removeprefix(BRANCH_REF) if context.ref.startswith(BRANCH_REF) else ""
    if request.pull_request:
        return replace(build, pull=request.pull_request, ref_name=branch)
    nightly = context.event_name == "schedule"
    # A fork has a default branch and schedules of its own, and another commit is not what the branch holds.
    own = context.repository.lower() == config.repository.lower() and build.sha == context.sha
    trunk = own and event.is_trunk(context.event, context.ref, nightly=nightly)
    tag = event.make_branch_tag(branch, config) if own and branch else ""
    note = event.explain_branch_tag(branch, tag) if own and branch and not nightly else ""
    return replace(build, nightly=nightly, trunk=trunk, branch=tag, branch_note=note, ref_name=branch)


def read_metadata(request: PlanRequest, build: Build, context: Context, config: Config) -> Metadata:
    """What the run knows for the labels of its images: of the repository, of the commit, and of the Dockerfiles."""
    facts = request.facts or read_event_facts(context)
    places = {(package.dockerfile, package.target) for package in config.packages(build.channel(config))}
    texts = {file: read_dockerfile(file, context) for file in sorted({file for file, _ in places})}
    own = {(file, target): find_own_labels(texts[file], target) for file, target in places if texts[file]}
    given = read_seconds(context.environ.get("SOURCE_DATE_EPOCH", ""))
    return Metadata(facts, find_commit_seconds(build.sha, context) if given is None else given, own)


def read_event_facts(context: Context) -> RepositoryFacts:
    """What the event's payload says of the repository of the run."""
    repository = context.event.get("repository")
    return RepositoryFacts.of(repository) if isinstance(repository, dict) else RepositoryFacts()


def read_dockerfile(name: str, context: Context) -> str:
    """A Dockerfile of the workspace; empty where it is not there or a link leads out, which the plan refuses later."""
    path = context.path(name)
    if not path.is_file() or leads_out(path, context.workspace):
        return ""
    return path.read_bytes().decode(errors="replace")


def find_commit_seconds(commit: str, context: Context) -> int | None:
    """When a commit was made, in seconds since 1970, as the checkout says; None where it does not have the commit."""
    if not COMMIT.fullmatch(commit) or not (context.workspace / ".git").exists():
        return None
    commits = Commits(context.workspace, may_fetch=False, log=lambda _: None)
    return read_seconds(commits.find_time(commit))


def parse_override(line: str) -> tuple[str, str]:
    """Name and value of an override. Raises `InputError`."""
    match = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)=(\S.*)", line)
    if match is None or not line.isprintable():
        message = f"Input 'overrides' has {line[:80]!r}, which is not NAME=value."
        raise InputError(message, hint="Write one a line, for example VLLM_COMMIT_SHA=0123abc.")
    return match[1], match[2]


def find_changes(request: PlanRequest, build: Build, context: Context, config: Config, log: Workflow) -> ChangedFiles:
    """What changed. Git is asked only if the answer matters: if an image says what it is made from."""
    if request.changed_files or build.version or any(p.paths for p in config.packages(build.channel(config))):
        return changes.read_changes(request.changed_files, build, context, fetch=request.fetch, log=log.info)
    return ChangedFiles(everything="no image names paths, so every change builds it")


def load_version_file(config: Config, build: Build, context: Context) -> VersionFile | None:
    """The version file, if a package of the channel is made with it."""
    packages = config.packages(build.channel(config))
    if not any(needs_version_file(package) for package in packages):
        return None
    missing = tuple(find_missing_version_file(config, packages, context.workspace))
    if missing:
        raise ConfigurationError(problems=missing)
    from release_actions.builds import version_file

    path = context.path(config.version_file)
    if leads_out(path, context.workspace):
        # Whose code is planned may be anybody's: the lines of a file of the runner would come back in the log.
        message = f"'{config.version_file}', the version file, leads out of the repository by a link."
        hint = "Put what it leads to into the repository."
        raise ConfigurationError(message, hint=hint, place=config.at("version-file"))
    return version_file.load(path, name=config.version_file)
