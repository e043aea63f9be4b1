"""pick-secrets: gives one job the secrets that its entry of a plan names, and no others.

Build secrets become files that only this account can read; the login of the registry becomes outputs. Every value is
masked before anything else is done with it. It must never print one, nor put one into an environment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release_actions.errors import InputError
from release_actions.runner import inputs, secret_lines
from release_actions.runner.context import Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow

BUILD = "Input 'build-secrets'"
CREDENTIALS = "Input 'registry-credentials'"
FOLDER = "release-actions-secrets"


@dataclass(frozen=True)
class Inputs:
    """What actions/pick-secrets/action.yml describes."""

    entry: str = inputs.option(inputs.text, "", required=True)
    build_secrets: str = inputs.option(inputs.text, "", secret=True)
    registry_credentials: str = inputs.option(inputs.text, "", secret=True)
    without_build_secrets: bool = inputs.option(inputs.boolean, default=False)
    registry_token: str = inputs.option(inputs.text, "", secret=True)


OUTPUTS = ("secret-files", "prebuild-secret-files", "username", "password")


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Hand on what the entry names."""
    entry = entry_of(given.entry)
    builds = secret_lines.parse(given.build_secrets, BUILD)
    logins = secret_lines.parse(given.registry_credentials, CREDENTIALS)
    for value in (*builds.values(), *logins.values()):
        # A user name that is in the packages' names would take every output with them along: the platform drops an
        # output that has a masked text in it.
        if value not in given.entry:
            log.mask(value)
    own, before = parse_assignments(entry, "secrets"), parse_assignments(entry, "prebuild-secrets")
    if given.without_build_secrets:
        own, before = select_present(own, builds), select_present(before, builds)
    files = write_files(secret_lines.pick(builds, {**own, **before}, BUILD), context)
    user, password = choose_login(entry, logins, given, context)
    names = sorted({*own.values(), *before.values()})
    return Report(
        outputs={
            "secret-files": format_lines(files, own),
            "prebuild-secret-files": format_lines(files, before),
            "username": user,
            "password": password if log.on_runner else "",
        },
        lines=(
            f"Build secrets: {', '.join(names) or 'none'}.",
            f"{entry.get('registry') or 'The registry'} gets {entry.get('password-secret') or 'the token of the job'}.",
        ),
    )


def entry_of(text: str) -> Mapping[str, Any]:
    """The entry of a plan; of a list the first one, as a run publishes to one registry. Raises `InputError`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        message = "Input 'entry' is not an entry of a plan."
        raise InputError(message, hint="Pass ${{ toJSON(matrix) }} in a job of build-matrix's matrix, or its images.")
    return value


def parse_assignments(entry: Mapping[str, Any], field: str) -> dict[str, str]:
    """ID -> name of a field of `ID=NAME` lines."""
    return dict(line.split("=", 1) for line in str(entry.get(field) or "").splitlines() if "=" in line)


def select_present(wanted: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Those of ID -> name that are there."""
    return {key: name for key, name in wanted.items() if name in secrets}


def write_files(values: Mapping[str, str], context: Context) -> dict[str, Path]:
    """ID -> the file that holds its value, in the folder that the runner empties with a job. Raises `InputError`."""
    if not values:
        return {}
    temporary = context.environ.get("RUNNER_TEMP", "")
    if not temporary:
        message = "There is no RUNNER_TEMP to put build secrets into."
        raise InputError(message, hint="Run in a workflow, or set RUNNER_TEMP to a folder of this account's own.")
    folder = Path(temporary, FOLDER)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines_by_name = {}
    for key, value in values.items():
        file = folder / key
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(value, encoding="utf-8", newline="")
        lines_by_name[key] = file
    return lines_by_name


def format_lines(files: Mapping[str, Path], keys: Iterable[str]) -> str:
    """`ID=path` lines, as docker/build-push-action takes secret-files."""
    return "\n".join(f"{key}={files[key]}" for key in keys)


def choose_login(
    entry: Mapping[str, Any], logins: Mapping[str, str], given: Inputs, context: Context
) -> tuple[str, str]:
    """User and password of the entry's registry: by the names in the entry, or the job's own token for GitHub's."""
    user, password = entry.get("username-secret"), entry.get("password-secret")
    if user and password:
        credentials = secret_lines.pick(logins, {"user": str(user), "password": str(password)}, CREDENTIALS)
        return credentials["user"], credentials["password"]
    registry = str(entry.get("registry") or "")
    if registry and not context.is_github_registry(registry):
        message = f"release.yaml names no credentials for {registry}, and the token of the job is GitHub's."
        raise InputError(message, hint=f"Add {registry} to 'credentials', with the names of two secrets.")
    return context.environ.get("GITHUB_ACTOR", "") or context.owner, given.registry_token
