"""What a clean-up covers: which packages, and which rules hold for each, from the inputs and the configuration.

It must never take inputs that select nothing for a wish to delete everything, and never look through an account's
packages unless the inputs name the account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from release_actions.cleanup import selection, undo
from release_actions.cleanup.inputs import Inputs
from release_actions.cleanup.package_names import Lookup, globs_of, name_packages
from release_actions.cleanup.result import Task
from release_actions.cleanup.selection import Rule
from release_actions.cleanup.undo import Entry
from release_actions.config import CleanupRule, Config, load_whole, shapes
from release_actions.errors import InputError, Place, Problem
from release_actions.images.graph import subject_of_tag
from release_actions.registry.names import PackagePath
from release_actions.runner.context import Context
from release_actions.runner.nearest_path import suggest_path

DEV = "dev"
"""The channel whose builds may share a package with releases."""


def make_tasks(given: Inputs, owner: str, config: Config | None, lookup: Lookup) -> tuple[Task, ...]:
    """Packages and rules, from the inputs and the configuration where they name it.

    `owner` is that of packages named without one. `lookup` is only asked for globs of an account that the inputs name,
    and for names with a slash. Raises `InputError` with every mistake.
    """
    problems = list(find_mistakes(given))
    own = given.own_rule
    named: list[CleanupRule] = []
    for name in dict.fromkeys(given.rule):
        rule = next((rule for rule in config.cleanup if rule.name == name), None) if config else None
        if rule:
            named.append(rule)
        else:
            known = [rule.name for rule in config.cleanup] if config else []
            message = f"{given.config} has no clean-up rule {name!r}."
            problems.append(Problem(message, shapes.suggest_nearest(name, known)))
    for rule in named:
        settings = rule.settings
        problems += find_patterns_without_tags(settings.delete_tags, regex=settings.use_regex, place=rule.place)
    chosen = name_packages(given, owner, config, lookup, problems)
    shared = config.shared if config and given.channel == DEV else frozenset()
    tasks: dict[str, list[Rule]] = {
        path: [replace(own, spares_releases=path in shared, floats=config.all_floating_tags if config else ())]
        for path in (chosen if not own.settings.selects_nothing else ())
    }
    for rule in named:
        for path in rule.packages:
            if not chosen or path in chosen:
                about_builds = rule.channel == DEV and config is not None and path in config.shared
                floats = config.all_floating_tags if config else ()
                tasks.setdefault(path, [own]).append(Rule(rule.name, rule.settings, about_builds, floats))
    if not tasks and not problems:
        hint = "Name packages that the rules are about, or leave packages and channel empty."
        problems.append(Problem("The rules are about none of the packages that are named.", hint))
    if problems:
        raise InputError(problems=problems)
    return tuple(Task(PackagePath(path), tuple(rules)) for path, rules in tasks.items())


def read_undo_entries(given: Inputs, owner: str, config: Config | None) -> Mapping[str, Sequence[Entry]]:
    """What the undo file names, of the packages that the inputs name. Raises `InputError`."""
    if not given.undo_file:
        message = "Nothing says what to restore."
        raise InputError(message, hint="Set undo-file to the file that a clean-up wrote.")
    problems: list[Problem] = []
    if given.rule or not given.selects_nothing:
        problems.append(Problem("mode is restore, and the inputs select what to delete.", "Leave out one of them."))
    by_path = undo.read(Path(given.undo_file))
    wanted = name_packages(given, owner, config, Lookup(lambda _owner: tuple(by_path), by_path.__contains__), problems)
    words = f"The undo file {given.undo_file} has nothing of"
    problems += [
        Problem(f"{words} {path}.", shapes.suggest_nearest(path, by_path)) for path in wanted if path not in by_path
    ]
    if problems:
        raise InputError(problems=problems)
    return {path: entries for path, entries in by_path.items() if not wanted or path in wanted}


def find_mistakes(given: Inputs) -> Iterable[Problem]:
    """What is wrong with the inputs by themselves."""
    own = given.own_rule.settings
    selects = not own.selects_nothing
    if not selects and not given.rule:
        hint = "Set delete-tags, another input that begins with delete-, or rule. An empty selector never means all."
        yield Problem("Nothing is selected, so there is nothing to clean up.", hint)
    spares = {"keep-n": given.keep_n, "keep-n-per-line": given.keep_n_per_line, "older-than": given.older_than}
    for name, value in spares.items():
        if value is not None and not own.selects_tags:
            message = f"Input '{name}' keeps some of the tags that are selected, and no tag is."
            hint = "Set delete-tags or another input that selects tags too, or write it into "
            yield Problem(message, f"{hint}the rule of the configuration.")
    if given.keep_n_untagged is not None and not own.delete_untagged:
        message = "Input 'keep-n-untagged' keeps some of the untagged versions that are selected, and none is."
        yield Problem(message, "Set delete-untagged too.")
    if given.untag and not (own.selects_tags or own.delete_ghost_images or own.delete_partial_images):
        message = "Input 'untag' is about tags that the inputs select, and they select none."
        yield Problem(message, "Set delete-tags or the like too, or write untag into the rule of the configuration.")
    for pattern in (*own.delete_tags, *own.exclude_tags):
        yield from check_expression(pattern) if given.use_regex else check_glob(pattern)
    if not given.use_regex or not any(map(selection.explain_malformed, own.delete_tags)):
        yield from find_patterns_without_tags(own.delete_tags, regex=given.use_regex)
    if selects and not given.packages and not given.channel:
        yield Problem("No package is named.", "Set packages to names or globs, or channel to one of the configuration.")


def check_glob(pattern: str) -> Iterable[Problem]:
    """Why no tag is what a glob says: an exclusion that is written wrongly would protect nothing."""
    if pattern.startswith("!"):
        yield Problem(f"The glob {pattern!r} begins with '!', which no tag does.", "List exceptions in exclude-tags.")
    elif not re.fullmatch(shapes.GLOB, pattern):
        hint = (
            "Write * for any text, ? for one character, [a-c] or [!a-c] for one that is in a set or not, and each glob "
            "on its own line or between commas. Everything else needs use-regex."
        )
        yield Problem(f"{pattern!r} is not a glob over tags.", hint)


def check_expression(pattern: str) -> Iterable[Problem]:
    """Why no tag is what a regular expression says."""
    if wrong := selection.explain_malformed(pattern):
        yield Problem(f"{pattern!r} is not a regular expression: {wrong}.", "One that matches whole tags is meant.")
    elif "," in re.sub(r"\\.|\[[^\]]*\]|\{[0-9]*,[0-9]*\}", "", pattern):
        hint = "Write one regular expression a line."
        yield Problem(f"The regular expression {pattern!r} holds a comma, which no tag does.", hint)


def find_patterns_without_tags(
    patterns: Iterable[str], *, regex: bool, place: Place | None = None
) -> Iterable[Problem]:
    """Patterns of `delete-tags` that are about what no rule selects by name: digests, and attachments."""
    attachments = [f"sha256-{'0' * 64}{ending}" for ending in ("", ".sig", ".att", ".sbom")]
    for pattern in patterns:
        if pattern.startswith(("sha256:", "sha512:")):
            message = f"{pattern!r} in delete-tags looks like a digest, but delete-tags selects tags."
            yield Problem(message, "Delete untagged versions with delete-untagged.", place)
        elif subject_of_tag(pattern) or any(selection.matches(pattern, tag, regex=regex) for tag in attachments):
            message = f"{pattern!r} in delete-tags is about attachments, which are deleted with their images."
            yield Problem(message, "Delete those of missing images with delete-orphaned-attachments.", place)


def read_configuration(given: Inputs, context: Context) -> Config | None:
    """The configuration, where an input refers to it; else None, and the file need not be there."""
    globs = () if given.owner else globs_of(given)
    if not (given.rule or given.channel or globs or given.asks_for_refs):
        return None
    if globs and not (given.rule or given.channel or context.path(given.config).exists()):
        message = f"{globs[0]!r} chooses from the packages of {given.config}, which does not exist."
        near = suggest_path(given.config, context.workspace) or "Check out the repository first."
        hint = f"{near} Say where the file is with 'config', or set 'owner' to choose from all packages of an account."
        raise InputError(message, hint=hint)
    return load_whole(context.path(given.config), name=given.config)
