"""Which packages the inputs name.

A name with a slash can be read in two ways: `charts/web` is the package `web` of the account `charts`, or the package
`charts/web` of the account that the run is about. With an owner given it is the second. Without one, GitHub is asked
which of the two there is. This module must never choose between two packages that both exist.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from release_actions.cleanup.inputs import Inputs
from release_actions.config import CHANNELS, Config, Package, shapes
from release_actions.errors import Problem
from release_actions.github.packages import ACCOUNT
from release_actions.registry.names import REPOSITORY


@dataclass(frozen=True)
class Lookup:
    """What names are compared with. `list_packages`: account -> full names of its packages that the token may see.

    `has_package`: whether there is a package with this full name, as far as the token may see.
    """

    list_packages: Callable[[str], Sequence[str]]
    has_package: Callable[[str], bool]


def name_packages(
    given: Inputs, owner: str, config: Config | None, lookup: Lookup, problems: list[Problem]
) -> tuple[str, ...]:
    """Full names of the packages that the inputs name; empty when they leave it to the rules.

    `owner` is that of names without one.
    """
    published = published_in(given, config, problems)
    if not given.packages:
        return tuple(package.name for package in published) if given.channel else ()
    globs = globs_of(given)
    if globs and given.owner and problems:
        # The run is refused already, so there is no need to ask GitHub.
        return ()
    choice = lookup.list_packages(given.owner) if globs and given.owner else [package.name for package in published]
    paths: list[str] = []
    for name in given.packages:
        if name in globs:
            paths += _choose_by_glob(name, choice, given, problems)
            continue
        path = _full_name(name, given.owner, owner, lookup, problems)
        paths += [path] if path else []
    return tuple(dict.fromkeys(paths))


def _choose_by_glob(glob: str, choice: Sequence[str], given: Inputs, problems: list[Problem]) -> list[str]:
    """The packages that a glob is about; none after adding a problem.

    With an owner a glob is about names below the account, as a name is. Without one it may be written with the account.
    """
    below = [path for path in choice if fnmatch.fnmatchcase(path.partition("/")[2], glob)]
    whole = [path for path in choice if fnmatch.fnmatchcase(path, glob)]
    if given.owner:
        if not below:
            hint = "Globs choose among these."
            if whole:
                hint = f"With owner set, write the glob without the account: {glob.partition('/')[2] or '*'}."
            problems.append(Problem(f"{glob!r} matches no package of {given.owner}.", hint))
        return below
    if below and whole and below != whole:
        message = f"{glob!r} can mean {', '.join(below)} or {', '.join(whole)}."
        problems.append(Problem(message, "Name the packages, or set owner and write the glob without the account."))
        return []
    if not below and not whole:
        problems.append(Problem(f"{glob!r} matches no package of {given.config}.", "Globs choose among these."))
    return below or whole


def _full_name(name: str, given_owner: str, owner: str, lookup: Lookup, problems: list[Problem]) -> str:
    """The full name of one package; empty after adding a problem."""
    if given_owner:
        readings = [f"{given_owner}/{name}"]
        rest = name[len(given_owner) + 1 :]
        doubled = name.lower().startswith(f"{given_owner.lower()}/") and not problems
        if doubled and is_legal(readings[0].lower()) and not lookup.has_package(readings[0].lower()):
            message = f"The token sees no package {name.lower()!r} of the account {given_owner.lower()!r}."
            problems.append(Problem(message, f"With owner set, write the name without the account: {rest}."))
            return ""
    elif "/" not in name:
        readings = [f"{owner}/{name}"] if owner else []
    else:
        readings = [name, *([f"{owner}/{name}"] if owner else [])]
    if not readings:
        problems.append(Problem(f"The owner of the package {name!r} is not known.", "Set owner, or write OWNER/NAME."))
        return ""
    # What begins with a host, such as ghcr.io, is the address of an image.
    is_address = "/" in name and "." in name.partition("/")[0]
    legal = [path.lower() for path in readings if is_legal(path.lower()) and not is_address]
    if not legal:
        hint = "Write NAME or OWNER/NAME, without a registry before it and without a tag."
        problems.append(Problem(f"{readings[0].lower()!r} is not the name of a package.", hint))
        return ""
    if len(legal) == 1 or problems:
        return legal[0]
    there = [path for path in legal if lookup.has_package(path)]
    if len(there) == 1:
        return there[0]
    account, _, rest = legal[0].partition("/")
    hint = (
        f"For the package {rest!r} of the account {account!r}, set owner to {account!r} and write {rest!r}. For the "
        f"package {name.lower()!r} of the account {owner.lower()!r}, set owner to {owner.lower()!r}."
    )
    which = "Both packages exist" if there else "The token sees neither package"
    problems.append(Problem(f"{name!r} can mean {legal[0]} or {legal[1]}. {which}.", hint))
    return ""


def is_legal(path: str) -> bool:
    """Whether a text is an account and the name of a package below it."""
    return bool(re.fullmatch(ACCOUNT, path.partition("/")[0]) and re.fullmatch(REPOSITORY, path))


def published_in(given: Inputs, config: Config | None, problems: list[Problem]) -> tuple[Package, ...]:
    """The packages of the configuration, or those of the channel that the inputs name."""
    published = config.list_home_packages() if config else ()
    if not given.channel:
        return published
    published = tuple(package for package in published if package.channel == given.channel)
    if not published:
        message = f"{given.config} publishes nothing in a channel {given.channel!r}."
        problems.append(Problem(message, shapes.suggest_nearest(given.channel, CHANNELS)))
    return published


def globs_of(given: Inputs) -> tuple[str, ...]:
    """What in `packages` chooses among names."""
    return tuple(name for name in given.packages if any(sign in name for sign in "*?["))
