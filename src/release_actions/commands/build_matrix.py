"""build-matrix: from release.yaml and the event to build jobs.

Reads the workspace and its git. The network is only asked for what is not there: commits to compare, and what a
moving ref of a source names.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from release_actions.builds import changes, event, matrix
from release_actions.builds.changes import ChangedFiles
from release_actions.builds.event import BRANCH_REF, Build
from release_actions.builds.matrix import Matrix
from release_actions.builds.recipe import Resolve, needs_version_file
from release_actions.builds.version_file import VersionFile
from release_actions.config import Config, load_config
from release_actions.errors import ExitCode, InputError, PolicyError, Problem
from release_actions.runner import inputs, markdown
from release_actions.runner.context import Context
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.runner.workflow import OUTPUT_LIMIT, Workflow, as_text
from release_actions.tags.existing import TAG_REF
from release_actions.tags.requested import find_release_event_tag
from release_actions.versions.version import parse


@dataclass(frozen=True)
class Inputs:
    """What actions/build-matrix/action.yml describes."""

    tag: str = inputs.option(inputs.text, "")
    config: str = inputs.option(inputs.text, "release.yaml")
    images: tuple[str, ...] = inputs.option(inputs.items, ("all",))
    changed_files: tuple[str, ...] = inputs.option(inputs.lines, ())
    fetch: bool = inputs.option(inputs.boolean, default=True)
    overrides: tuple[str, ...] = inputs.option(inputs.lines, ())
    pull_request: int = inputs.option(inputs.integer(1), 0)
    build_commit: str = inputs.option(inputs.text, "")
    strict: bool = inputs.option(inputs.boolean, default=False)
    token: str = inputs.option(inputs.text, "", secret=True)


VARIABLE_LIMIT = 131_072
"""Bytes of one environment variable on Linux (MAX_ARG_STRLEN, execve(2)): a step is not started with a longer one."""

VARIABLE = "INPUT_IMAGE_LIST=\0"
"""What stands around the list there."""

DIGEST_ROOM = len(',"digest":"sha256:"') + 64
"""Bytes that merge-digests adds to each image of the list."""

SLOT_ROOM = 150
"""Bytes that the result of a build has besides package and platform: its slot twice, the digest, the attempt, and what
toJSON writes around them."""

FEWER = "Select fewer images with the input images, in several runs."

OUTPUTS = ("channel", "commit", "matrix", "command-matrix", "merge-matrix", "images", "any", "built")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Plan the builds of one run."""
    config = load_config(context.path(given.config), name=given.config)
    build = build_of(given, context, config)
    planned = matrix.plan_builds(
        config,
        build,
        given.images,
        context.now,
        resolve=resolver(given.token, context, log),
        changes=changes_of(given, build, context, config, log),
        versions=version_file(config, build, context),
    )
    packages = config.packages(planned.channel)
    if any(package.paths for package in packages):
        from release_actions.builds.path_coverage import find_uncovered

        planned = replace(planned, findings=(*planned.findings, *find_uncovered(config, packages, context.workspace)))
    if build.branch_note:
        notice = Finding.of(Level.NOTICE, build.branch_note, rule="branch-tag")
        planned = replace(planned, findings=(*planned.findings, notice))
    return report(planned, build, strict=given.strict)


def build_of(given: Inputs, context: Context, config: Config) -> Build:
    """What the run builds: the tag given, the event's tag, or the commit of any other event."""
    name = given.tag or (context.ref if context.ref.startswith(TAG_REF) else find_release_event_tag(context))
    pull = context.event.get("pull_request")
    if given.build_commit and not event.COMMIT.fullmatch(given.build_commit):
        message = f"Input 'build-commit' is {given.build_commit[:80]!r}, which is not a commit."
        raise InputError(message, hint="Pass all of its 40 digits.")
    if name and (pull or given.pull_request):
        message = f"The code of a pull request cannot be built as the release {name.removeprefix(TAG_REF)}."
        raise PolicyError(message, hint="Merge it, and tag the result.")
    build = Build(
        sha=given.build_commit or context.sha,
        overrides=dict(override(line) for line in given.overrides),
        run_id=context.environ.get("GITHUB_RUN_ID", ""),
        web=f"{context.server_url}/{config.repository}",
    )
    if name:
        version = parse(name, config.tag_prefix)
        return replace(build, version=version, ref_name=version.tag)
    if isinstance(pull, dict):
        number = int(pull["number"])
        return replace(build, sha=given.build_commit or str(pull["head"]["sha"]), pull=number, ref_name=f"pr-{number}")
    branch = context.ref.removeprefix(BRANCH_REF) if context.ref.startswith(BRANCH_REF) else ""
    if given.pull_request:
        return replace(build, pull=given.pull_request, ref_name=branch)
    nightly = context.event_name == "schedule"
    # A fork has a default branch and schedules of its own, and another commit is not what the branch holds.
    own = context.repository.lower() == config.repository.lower() and build.sha == context.sha
    trunk = own and event.is_trunk(context.event, context.ref, nightly=nightly)
    tag = event.make_branch_tag(branch, config) if own and branch else ""
    note = event.explain_branch_tag(branch, tag) if own and branch and not nightly else ""
    return replace(build, nightly=nightly, trunk=trunk, branch=tag, branch_note=note, ref_name=branch)


def override(line: str) -> tuple[str, str]:
    """Name and value of an override. Raises `InputError`."""
    match = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)=(\S.*)", line)
    if match is None or not line.isprintable():
        message = f"Input 'overrides' has {line[:80]!r}, which is not NAME=value."
        raise InputError(message, hint="Write one a line, for example VLLM_COMMIT_SHA=0123abc.")
    return match[1], match[2]


def changes_of(given: Inputs, build: Build, context: Context, config: Config, log: Workflow) -> ChangedFiles:
    """What changed. Git is asked only if the answer matters: if an image says what it is made from."""
    if given.changed_files or build.version or any(p.paths for p in config.packages(build.channel(config))):
        return changes.read_changes(given.changed_files, build, context, fetch=given.fetch, log=log.info)
    return ChangedFiles(everything="no image names paths, so every change builds it")


def version_file(config: Config, build: Build, context: Context) -> VersionFile | None:
    """The version file, if a package of the channel is made with it."""
    if not any(needs_version_file(package) for package in config.packages(build.channel(config))):
        return None
    from release_actions.builds import version_file

    return version_file.load(context.path(config.version_file), name=config.version_file)


def resolver(token: str, context: Context, log: Workflow) -> Resolve:
    """Who is asked for the commit of a ref that can move: GitHub, once for each."""

    @functools.cache
    def resolve(repository: str, ref: str) -> str:
        from release_actions.github import source_commits
        from release_actions.http.client import Http

        with Http(log=log.info, redactor=log.redactor) as http:
            return source_commits.commit(http, context.api_url, repository, ref, token=token)

    return resolve


def outputs_of(planned: Matrix, build: Build) -> dict[str, Output]:
    """The outputs of a plan. Raises `PolicyError` when they are more than the platform passes on."""
    outputs: dict[str, Output] = {
        "channel": planned.channel,
        "commit": build.sha,
        "matrix": matrix.make_strategy_matrix(job.entry() for job in planned.jobs if not job.is_command),
        "command-matrix": matrix.make_strategy_matrix(job.entry() for job in planned.jobs if job.is_command),
        "merge-matrix": matrix.make_strategy_matrix(publication.entry() for publication in planned.publications),
        "images": [publication.entry() for publication in planned.publications],
        "any": bool(planned.jobs),
        "built": dict(planned.built),
    }
    size = sum(len(as_text(value).encode("utf-16-le")) // 2 for value in outputs.values())
    if size > OUTPUT_LIMIT:
        message = (
            f"The plan of {counted(len(planned.jobs), 'build job')} has {size} characters, and GitHub passes about "
            f"{OUTPUT_LIMIT} from one job to others."
        )
        raise PolicyError(message, hint=FEWER)
    listed = len(as_text(outputs["images"]).encode()) + DIGEST_ROOM * len(planned.publications) + len(VARIABLE)
    if listed > VARIABLE_LIMIT:
        message = (
            f"The list of {counted(len(planned.publications), 'image')} comes to {listed} bytes with their digests, "
            f"and a step on Linux gets at most {VARIABLE_LIMIT} in one input."
        )
        raise PolicyError(message, hint=FEWER)
    results = sum(len(f"{job.package.reference} {job.platform}") + SLOT_ROOM for job in planned.jobs)
    if results > VARIABLE_LIMIT:
        message = (
            f"The results of {counted(len(planned.jobs), 'build job')} come to {results} bytes, and a step on Linux "
            f"gets at most {VARIABLE_LIMIT} in one input."
        )
        raise PolicyError(message, hint=FEWER)
    return outputs


def report(planned: Matrix, build: Build, *, strict: bool) -> Report:
    """The plan for people and for later jobs. With `strict`, a warning refuses it."""
    lines = tuple(
        f"{publication.package.reference}:{','.join(publication.tags)} on {', '.join(publication.package.platforms)}: "
        f"{publication.reason}"
        for publication in planned.publications
    )
    skipped = tuple(f"{key} is not built: {why}." for key, why in planned.skipped.items())
    images, jobs = counted(len(planned.publications), "image"), counted(len(planned.jobs), "build job")
    verdict = f"{images} of the channel {planned.channel} in {jobs}."
    if strict and planned.findings:
        problems = [
            Problem(finding.problem.message, finding.problem.hint, finding.problem.place)
            for finding in planned.findings
        ]
        raise PolicyError(problems=problems)
    return Report(
        outputs=outputs_of(planned, build),
        summary=summary(planned, build),
        lines=(*lines, *skipped, verdict),
        findings=planned.findings,
        exit_code=ExitCode.PASS,
    )


def summary(planned: Matrix, build: Build) -> str:
    """The job summary: what is built and why, and what is not."""
    why = f"of the tag {markdown.code(build.version.tag)}" if build.version else f"of commit {markdown.code(build.sha)}"
    rows = [
        [
            markdown.code(publication.package.reference),
            markdown.codes(publication.tags),
            markdown.codes(runners(publication)),
            markdown.plain(publication.reason),
        ]
        for publication in planned.publications
    ]
    overrides = [f"{name}={value}" for name, value in build.overrides.items()]
    parts = [
        f"## {counted(len(planned.publications), 'image')} {why}\n",
        *([f"Built with {markdown.codes(overrides)} in place of what the commit says.\n"] if overrides else []),
        *([markdown.table(["Package", "Tags", "Platforms", "Why"], rows)] if rows else []),
        *(f"- {markdown.code(key)} is not built: {markdown.plain(why)}." for key, why in planned.skipped.items()),
    ]
    return "\n".join(parts) + "\n"


def runners(publication: matrix.Publication) -> Iterable[str]:
    """Each platform with the runner that builds it."""
    package = publication.package
    return (f"{platform} on {package.runners[platform]}" for platform in package.platforms)
