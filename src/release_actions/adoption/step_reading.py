"""What one step of a job publishes, and what later steps learn from it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from release_actions.adoption.events import Event, Occasion
from release_actions.adoption.metadata_action import make_tags
from release_actions.adoption.publications import (
    BuildRecipe,
    Login,
    Publication,
    Today,
    merge_recipes,
    normalize_name,
    split_reference,
)
from release_actions.adoption.shell_outputs import read_outputs
from release_actions.adoption.unknown import Evaluator, UnknownValues, list_unknown
from release_actions.errors import Place
from release_actions.surface.yaml_tree import Tree

MERGES = re.compile(r"imagetools\s+create|manifest\s+(?:create|push)")
COPIED = re.compile(r"\$\{\w+/\$\{(?P<variable>\w+)\}/(?P<name>[\w.-]+/[\w./-]+)\}")
PUSHES = re.compile(
    r"\b(?:docker|podman|buildah)\s+(?:image\s+)?push\b|\bskopeo\s+(?:copy|sync)\b|\bcrane\s+(?:push|copy|cp)\b"
    r"|\bregctl\s+image\s+copy\b|buildx\s+(?:build|bake)\b[^\n]*--push|\bgoreleaser\s+release\b|\bko\s+(?:build|publish)\b"
)
ONE_PLATFORM = re.compile(r"[-_.](?:amd64|arm64|x86_64|aarch64|armv?[67]?|386|s390x|ppc64le|riscv64)$")
"""How a tag ends that names the image of one platform, to be put into an index later."""

OURS_DOES = frozenset(
    {
        "actions/checkout",
        "actions/upload-artifact",
        "actions/download-artifact",
        "actions/attest",
        "actions/attest-build-provenance",
        "sigstore/cosign-installer",
        "aquasecurity/trivy-action",
    }
)
OURS_DOES_ALL = re.compile(r"docker/setup-", re.IGNORECASE)
"""Actions whose work our workflows do, or need not do."""

UNTRANSLATED = ("cache-from", "cache-to", "provenance", "sbom", "annotations", "build-contexts", "allow", "network")
"""Inputs of build-push-action that a person has to decide about."""

OTHER_BUILDERS = {
    "goreleaser/goreleaser-action": "goreleaser builds the images of this step, and keeps doing so: it is not moved.",
    "ko-build/setup-ko": "ko builds the images of this job, and keeps doing so: it is not moved.",
    "docker/bake-action": "The targets of this step are in a bake file, and its tags are not moved.",
}
"""Action -> what to say of a step that calls it."""


@dataclass
class JobState:
    """What is known in a job: its event, what it publishes, digests that wait for a tag, and its expressions."""

    event: Event
    today: Today
    digests: dict[str, list[BuildRecipe]]
    now: datetime
    evaluator: Evaluator
    references: list[str] = field(default_factory=list)

    def render(self, tree: Tree, name: str) -> str:
        return self.evaluator.render(tree.text(name)).strip()

    def set_outputs(self, step: Tree, outputs: Mapping[str, str]) -> None:
        """What later steps see of a step that ran."""
        steps: Any = self.evaluator.contexts["steps"]
        if step.text("id"):
            path = f"steps.{step.text('id')}.outputs"
            known = UnknownValues(path, outputs, self.evaluator.reads)
            steps[step.text("id")] = {"outputs": known, "outcome": "success", "conclusion": "success"}

    def publish(self, name: str, tag: str, recipe: BuildRecipe, place: Place) -> None:
        """Record a reference, unless only a run knows it or its registry is a service of the job."""
        if len(recipe.platforms) == 1 and ONE_PLATFORM.search(tag):
            self.today.dropped.setdefault(f"{name}:{tag}", place)
            self.digests.setdefault(name, []).append(recipe)
            return
        unknown = list_unknown(f"{name}:{tag}")
        for source in unknown:
            message = f"What is published depends on {source}, which only a run knows."
            if source.startswith(("vars.", "secrets.")):
                message += f" If it is always the same, pass --values {source}=VALUE."
            self.today.unmoved.setdefault(message, place)
        if unknown or name.startswith("localhost"):
            return
        if name.startswith("docker.io/library/"):
            message = f"What is published as '{name.rpartition('/')[2]}' is no image with a namespace."
            self.today.unmoved.setdefault(message, place)
            return
        published = self.today.publications.setdefault(self.event, [])
        published.append(Publication(name, tag, recipe, place))


def read_step(step: Tree, state: JobState) -> None:
    """Read a step that runs."""
    address = step.text("uses").partition("@")[0].lower()
    if address in OTHER_BUILDERS:
        state.today.unmoved.setdefault(OTHER_BUILDERS[address], step.place("uses"))
    reader = READERS.get(address, _read_stranger)
    if "run" in step:
        reader = _read_script
    reader(step, state)


def split_lines(text: str) -> list[str]:
    """The items of a list as docker's actions take it: lines, and commas between them."""
    return [item.strip() for line in text.splitlines() for item in line.split(",") if item.strip()]


def _read_metadata(step: Tree, state: JobState) -> None:
    given = step.below("with")
    names = list(_list_images(state.render(given, "images")))
    rules = _settle(given, state, step.place("uses"))
    flavor = state.render(given, "flavor").splitlines()
    metadata = make_tags(rules, flavor, state.event, state.now)
    references = [f"{name}:{tag}" for name in names for tag in metadata.tags]
    labels = {
        "org.opencontainers.image.revision": state.event.sha,
        "org.opencontainers.image.version": metadata.version,
        "org.opencontainers.image.created": f"{state.now:%Y-%m-%dT%H:%M:%S.000Z}",
    }
    outputs = {
        "tags": "\n".join(references),
        "tag-names": "\n".join(metadata.tags),
        "version": metadata.version,
        "labels": "\n".join(f"{key}={value}" for key, value in labels.items()),
        "json": json.dumps({"tags": references, "tag-names": metadata.tags, "labels": labels}),
    }
    state.references = references
    state.set_outputs(step, outputs)


def _settle(given: Tree, state: JobState, place: Place) -> list[str]:
    """The rules, filled in. One whose `enable` only a run knows is taken to be on for final releases only."""
    rules = []
    for line in given.text("tags").splitlines():
        before = len(state.evaluator.reads)
        rule = state.evaluator.render(line)
        condition = re.search(r"enable=(\$\{\{.*?\}\}|[^,]*)", line)
        if condition and len(state.evaluator.reads) > before:
            state.today.assumed.setdefault(line.strip(), place)
            is_final = str(state.event.occasion is Occasion.FINAL).lower()
            rule = state.evaluator.render(line.replace(condition[0], f"enable={is_final}"))
        rules += rule.splitlines()
    return rules


def _list_images(text: str) -> list[str]:
    names = []
    for line in text.splitlines():
        fields = [item.strip() for item in line.split(",") if item.strip()]
        if any(item.startswith("name=") for item in fields):
            pairs = dict(item.partition("=")[::2] for item in fields)
            names += [normalize_name(pairs["name"])] if pairs.get("enable", "true") == "true" else []
        else:
            names += [normalize_name(item) for item in fields]
    return names


def _read_build(step: Tree, state: JobState) -> None:
    given = step.below("with")
    outputs = state.render(given, "outputs")
    recipe = make_recipe(given, state)
    pushes = state.evaluator.is_on(given.text("push", "false"))
    if list_unknown(outputs) and "push-by-digest" not in outputs:
        pushes = True
        state.today.assumed.setdefault(f"outputs: {given.text('outputs')}", step.place("uses"))
    pushed = re.search(r"(?<![\w-])push=([^,\s]*)", outputs)
    pushes = pushes or "type=registry" in outputs
    if pushed:
        pushes = pushes or pushed[1] == "true" or bool(list_unknown(pushed[1]))
    for text in state.evaluator.assumed:
        state.today.assumed.setdefault(text, step.place("with"))
    state.evaluator.assumed.clear()
    state.set_outputs(step, {})
    if not pushes:
        return
    for name in UNTRANSLATED:
        if name in given:
            state.today.strangers.setdefault(given.place(name), f"`{name}` of the build")
    tags = split_lines(state.render(given, "tags"))
    if "push-by-digest=true" in outputs:
        named = re.search(r"(?<![\w-])name=([^,\s]+)", outputs)
        names = [named[1]] if named else tags
        for name in names:
            state.digests.setdefault(normalize_name(name.strip('"')), []).append(recipe)
        return
    for text in tags:
        name, tag = split_reference(text)
        state.publish(name, tag, recipe, step.place("uses"))


def make_recipe(given: Tree, state: JobState) -> BuildRecipe:
    """How a step of build-push-action builds."""
    arguments = [line.partition("=") for line in state.render(given, "build-args").splitlines() if "=" in line]
    secrets = split_lines(given.text("secrets"))
    return BuildRecipe(
        context=_clean_path(state.render(given, "context")) or ".",
        dockerfile=_clean_path(state.render(given, "file")),
        target=state.render(given, "target"),
        platforms=tuple(split_lines(state.render(given, "platforms"))),
        arguments=tuple((name.strip(), value.strip().strip("\"'")) for name, _, value in arguments),
        secrets=tuple(secrets),
    )


def _clean_path(path: str) -> str:
    cleaned = re.sub(r"\{\{\s*defaultContext\s*\}\}:?", "", path).removeprefix("./").rstrip("/")
    return "." if path.strip() in {"./", "."} else cleaned


def _read_login(step: Tree, state: JobState) -> None:
    given = step.below("with")
    registry = state.render(given, "registry") or "docker.io"
    login = Login(registry, given.text("username"), given.text("password"))
    state.today.logins.setdefault(registry, login)


def _read_condition(step: Tree, state: JobState) -> None:
    """haya14busa/action-cond, which picks one of two values."""
    given = step.below("with")
    chosen = "if_true" if state.evaluator.is_on(given.text("cond")) else "if_false"
    state.set_outputs(step, {"value": state.render(given, chosen)})


def _read_stranger(step: Tree, state: JobState) -> None:
    state.set_outputs(step, {})
    address = step.text("uses").partition("@")[0]
    if address.lower() not in OURS_DOES and not OURS_DOES_ALL.match(address):
        state.today.strangers.setdefault(step.place("uses"), f"`{address}`")


def _read_script(step: Tree, state: JobState) -> None:
    script = state.evaluator.render(step.text("run"))
    own: Any = state.evaluator.contexts["env"]
    environ = {**own, **{name: state.evaluator.render(step.below("env").text(name)) for name in step.below("env")}}
    event = state.event.context()
    environ |= {
        f"GITHUB_{key.upper()}": str(event[key]) for key in ("sha", "ref", "ref_name", "ref_type", "repository")
    }
    environ |= {"GITHUB_HEAD_REF": str(event["head_ref"]), "GITHUB_EVENT_NAME": state.event.name}
    outputs, variables = read_outputs(script, environ)
    state.set_outputs(step, outputs)
    own.update(variables)
    if MERGES.search(script):
        _read_merge(step, script, environ, state)
    elif COPIED.search(script):
        _read_copies(step, script, environ, state)
    elif not PUSHES.search(script):
        first = next((line.strip() for line in step.text("run").splitlines() if line.strip()), "")
        state.today.strangers.setdefault(step.place("run"), f"`{step.text('name') or first[:60]}`, a script")
    else:
        words = " ".join(PUSHES.findall(script)[:1])
        message = f"A script pushes or copies images ({words.strip()}): what it does is not moved."
        state.today.unmoved.setdefault(message, step.place("run"))


def _read_merge(step: Tree, script: str, environ: Mapping[str, str], state: JobState) -> None:
    """An index that a script makes from digests, under the tags of metadata-action or of the script's variables."""
    listed = [text for value in environ.values() for text in value.split() if is_reference(text)]
    written = [text.strip("\"'") for text in re.findall(r"(?:-t|--tag)[ =]+(\S+)", script) if "$" not in text]
    references = listed or state.references or [text for text in written if is_reference(text)]
    for text in references:
        name, tag = split_reference(text)
        if ONE_PLATFORM.search(tag):
            state.today.dropped.setdefault(text, step.place("run"))
            continue
        recipes = state.digests.get(name) or [each for many in state.digests.values() for each in many]
        recipes = recipes or [
            each.recipe for each in state.today.publications.get(state.event, ()) if each.name == name
        ]
        if recipes:
            state.publish(name, tag, merge_recipes(recipes), step.place("run"))
    if not references:
        message = "A script makes an index of images whose tags are not known."
        state.today.unmoved.setdefault(message, step.place("run"))


def _read_copies(step: Tree, script: str, environ: Mapping[str, str], state: JobState) -> None:
    """References that a loop copies to another name, as in `${tag/${FROM}/docker.io/acme/web}`."""
    listed = [text for value in environ.values() for text in value.split() if is_reference(text)]
    for match in COPIED.finditer(script):
        source = normalize_name(environ.get(match["variable"], ""))
        for name, tag in map(split_reference, listed):
            recipes = [each.recipe for each in state.today.publications.get(state.event, ()) if each.name == name]
            if name == source and recipes:
                state.publish(normalize_name(match["name"]), tag, recipes[0], step.place("run"))


def is_reference(text: str) -> bool:
    return bool(re.fullmatch(r"[\w.-]+(?::\d+)?/[\w./-]+:[\w.-]+", text)) and not text.startswith("http")


READERS: Mapping[str, Callable[[Tree, JobState], None]] = {
    "docker/metadata-action": _read_metadata,
    "crazy-max/ghaction-docker-meta": _read_metadata,
    "docker/build-push-action": _read_build,
    "docker/login-action": _read_login,
    "haya14busa/action-cond": _read_condition,
}
"""Action -> what it does to what is known."""
