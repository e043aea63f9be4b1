"""The rules of `validate`: what each finds, for people and for SARIF, and how a finding is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from release_actions.errors import Place
from release_actions.runner.report import Finding, Level

RULES = {
    "components": "A mistake in the components file.",
    "configuration": "A mistake in release.yaml.",
    "dockerfile-argument": "A build argument that no ARG of the Dockerfile takes: the build ignores it.",
    "dockerfile-target": "A target that is not a stage of the Dockerfile: every build fails.",
    "false-friend": "A setting that means something else here, or in the action that it is for, than it seems to.",
    "input-value": "A value that the action refuses when it runs.",
    "missing-path": "A context, Dockerfile, patch or version file that is not in the repository.",
    "missing-pin": "A call without a version: GitHub refuses the whole workflow.",
    "permissions": "A job whose token may do less than what it calls needs.",
    "required-input": "An input that has to be given and is not.",
    "schedule": "A mistake in a schedule that release-tracker is given.",
    "trigger": "A workflow that no release tag ever starts.",
    "uncovered-path": "A file that an image takes and whose change does not build it.",
    "unknown-action": "An action or a workflow that this suite does not have.",
    "unknown-input": "An input that the action does not have. GitHub only warns, and the run goes on without it.",
    "unknown-name": "A name of an image, a channel or a clean-up rule that release.yaml does not have.",
    "unknown-secret": "A secret that the called workflow does not take.",
    "unreadable": "A workflow or an action that is not YAML.",
    "wrong-kind": "An action called as a job, or a workflow called as a step.",
}
"""Rule -> what it finds, in alphabetical order."""


class Hit(NamedTuple):
    """What is wrong, without the rule and the place: a sentence, and what to do."""

    message: str
    hint: str = ""


def make_finding(rule: str, hit: Hit, place: Place, level: Level = Level.ERROR) -> Finding:
    return Finding.of(level, hit.message, hint=hit.hint, place=place, rule=rule)


Findings = Iterator[Finding]
