"""Checks what a repository's own workflows do around a release: what a pushed tag starts, and what may move a tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from release_actions.adoption.callers import list_callers
from release_actions.adoption.checkup import CheckLine, found, never, passed
from release_actions.adoption.events import Filter
from release_actions.adoption.validating import WORKFLOWS, list_workflow_files
from release_actions.config.source import read_text
from release_actions.errors import ActionError
from release_actions.surface.yaml_tree import Tree, read_tree

EVENT_HINT = (
    "GitHub blocks it in public repositories since 2 December 2026, unless a policy under Settings, Actions, Policies "
    "allows it for that file. pull_request is enough to show that a fork builds: examples/pull-request-build.yml."
)
"""What to do about pull_request_target."""

TAGGERS = {
    "actions/publish-action": "moves major tags",
    "actions-r-us/actions-tagger": "cuts tags at dots",
    "haya14busa/action-update-semver": "cuts tags at dots",
    "fischerscode/tagger": "cuts tags at dots",
    "rickstaa/action-create-tag": "makes and moves tags",
    "richardsimko/update-tag": "moves tags",
    "mathieudutour/github-tag-action": "makes tags",
    "anothrnick/github-tag-action": "makes tags",
    "docker/metadata-action": "cuts tags at dots for images, latest among them",
    "softprops/action-gh-release": "publishes a release, which takes the badge Latest unless make_latest says no",
}
"""Action -> what it does that two workflows must not do at once."""


@dataclass(frozen=True)
class WorkflowFile:
    """A workflow of the repository."""

    name: str
    tree: Tree
    calls: tuple[str, ...]
    is_ours: bool
    pins_a_tag: bool


def read_workflows(workspace: Path) -> list[WorkflowFile]:
    """Every workflow that can be read. `validate` says what is wrong with the others."""
    files = []
    for name in list_workflow_files(workspace):
        if not name.startswith(f"{WORKFLOWS}/"):
            continue
        try:
            text = read_text(workspace / name, name=name)
            tree = read_tree(text, name)
        except ActionError:
            continue
        callers = list(list_callers(tree, text))
        own = [caller for caller in callers if caller.path is not None]
        pins_a_tag = any(len(caller.ref) < len("0" * 40) for caller in own)
        files.append(WorkflowFile(name, tree, tuple(each.address.lower() for each in callers), bool(own), pins_a_tag))
    return files


def check_workflows(files: list[WorkflowFile], prefix: str) -> Iterator[CheckLine]:
    """What a release tag starts, and events that run code of strangers."""
    started = [file for file in files if starts_on(file.tree, f"{prefix}1.2.3")]
    title = f"A pushed tag {prefix}1.2.3"
    names = ", ".join(file.name.rpartition("/")[2] for file in started)
    yield (
        passed(title, f"It starts {names}.")
        if started
        else found(title, "It starts nothing.", "Call ci-release.yaml from a workflow with on: push: tags.")
    )
    if any(file.is_ours for file in started):
        for file in started:
            for address in dict.fromkeys(file.calls):
                if address in TAGGERS:
                    text = f"{file.name} calls {address}, which {TAGGERS[address]}."
                    yield found(title, text, "Remove it, or let it do what ci-release.yaml does not.")
    risky = [file.name for file in files if "pull_request_target" in list_events(file.tree)]
    if risky:
        text = f"{', '.join(risky)} run{'s' * (len(risky) == 1)} on it, and no API says which event policies hold."
        yield never("pull_request_target", text, EVENT_HINT)
    else:
        yield passed("pull_request_target", "No workflow uses it.")


def starts_on(tree: Tree, tag: str) -> bool:
    """Whether the push of a tag starts a workflow."""
    if "push" not in list_events(tree):
        return False
    push = tree.below("on").below("push")
    branches, tags = Filter.read(push, "branches"), Filter.read(push, "tags")
    return tags.lets(tag) if tags.is_given else not branches.is_given


def list_events(tree: Tree) -> set[str]:
    """The names of the events that start a workflow."""
    events = tree.below("on")
    return {events.scalar(), *events.items(), *events} - {""}


def list_environments(files: list[WorkflowFile]) -> tuple[str, ...]:
    """The environments that jobs name, as far as no expression does."""
    names: dict[str, None] = {}
    for file in files:
        jobs = file.tree.below("jobs")
        for name in jobs:
            job = jobs.below(name)
            environment = job.text("environment") or job.below("environment").text("name")
            approval = job.below("with").text("approval")
            for text in (environment, approval):
                if text and "${{" not in text:
                    names.setdefault(text)
    return tuple(names)


def check_programs(versions: Mapping[str, str]) -> Iterator[CheckLine]:
    """Programs that verify what was released. `versions`: program -> what it prints, empty if it is not there."""
    for program, fix in (("gh", "https://cli.github.com"), ("cosign", "https://docs.sigstore.dev/cosign")):
        printed = versions.get(program, "")
        if printed:
            yield passed(program, f"It is version {printed}.")
        else:
            yield never(program, "It is not here. verify-provenance uses it, on a runner it is there.", f"See {fix}.")
