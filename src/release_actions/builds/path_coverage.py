"""Whether an image's paths cover every file that its Dockerfile takes: what they miss changes without a build.

Reads the workspace, never runs anything. Images that every change builds, that a command builds, or whose context is
another repository have nothing to check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from release_actions.builds import context_files, dockerfile
from release_actions.builds.dockerfile import Taken
from release_actions.builds.matrix import list_watched_globs
from release_actions.builds.path_filter import matches
from release_actions.config import Config, Package
from release_actions.errors import InputError, Place
from release_actions.runner.report import Finding, Level

RULE = "uncovered-path"


def find_uncovered(config: Config, packages: Iterable[Package], workspace: Path) -> Iterator[Finding]:
    """A warning for each instruction that takes a file outside its image's paths."""
    seen: set[Finding] = set()
    done: set[tuple[str, ...]] = set()
    for package in packages:
        file = workspace / package.dockerfile
        checked = package.paths and not package.recipe.command and not package.recipe.source
        # Variants of an image may have other Dockerfiles; channels have the same.
        key = (package.image, package.variant, package.dockerfile, package.context, package.target)
        if checked and key not in done and file.is_file():
            done.add(key)
            found = [each for each in check_package(config, package, file, workspace) if each not in seen]
            seen.update(found)
            yield from found


def check_package(config: Config, package: Package, file: Path, workspace: Path) -> Iterator[Finding]:
    """The warnings of one image."""
    globs = list_watched_globs(config, package)
    ignored = context_files.read_ignored(file, workspace / package.context)
    written = file.read_bytes().decode(errors="replace")
    for taken in list_taken(written, package):
        place = Place(package.dockerfile, taken.line)
        unknown = f"It is not known whether the paths of the image '{package.image}' cover {taken.source!r}."
        if "$" in taken.source:
            yield Finding.of(Level.WARNING, unknown, hint="Write it without a variable.", place=place, rule=RULE)
            continue
        files = context_files.list_files(taken.source, package.context, ignored, workspace)
        try:
            missed = [path for path in files if not matches(globs, path)]
        except InputError as error:
            yield Finding.of(Level.WARNING, f"{unknown} {error.problems[0].message}", place=place, rule=RULE)
            continue
        if missed:
            more = f" and {len(missed) - 1} more" if len(missed) > 1 else ""
            message = f"The image '{package.image}' takes {missed[0]}{more}, but a change to it builds nothing."
            hint = "Add it to the image's paths."
            yield Finding.of(Level.WARNING, message, hint=hint, place=place, rule=RULE)


def list_taken(text: str, package: Package) -> list[Taken]:
    """What the builds of all platforms take from the context, each once, in the order of the file.

    An argument whose value is only known in a run is left as it is written, so it is reported as not known.
    """
    taken: dict[Taken, None] = {}
    for platform in package.platforms:
        system, _, architecture = platform.partition("/")
        known = {"image": package.image, "variant": package.variant, "platform": platform}
        known |= {"os": system, "arch": architecture}
        arguments = {name: fill_known(template, known) for name, template in package.build_args.items()}
        given = {name: value for name, value in arguments.items() if "{" not in value}
        taken |= dict.fromkeys(dockerfile.read_taken(text, given, package.target, platform))
    return sorted(taken, key=lambda each: each.line)


def fill_known(template: str, values: Mapping[str, str]) -> str:
    """A template with the values that are known before a run."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template
