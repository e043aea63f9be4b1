"""What a Dockerfile takes from its build context. Reads Dockerfiles and never builds one; no text is an error.

The sources of COPY and ADD, and of bind mounts of RUN, in the stages that are built. What comes from another stage, an
image, an address or a heredoc is not a file of the repository. BuildKit's parser is the reference
(github.com/moby/buildkit, frontend/dockerfile/parser and shell): it splits instructions at white space, knows a heredoc
by a whole word, and lets a stage have the variables of the stage that it is made from. A word that BuildKit refuses,
such as `it's.txt`, is a name as it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from release_actions.builds.dockerfile_words import expand_or_keep, split_line

DIRECTIVE = re.compile(r"#\s*(?P<name>[a-zA-Z][a-zA-Z0-9]*)\s*=\s*(?P<value>.+?)\s*")
HEREDOC = re.compile(r"\d*<<(?P<strips_tabs>-?)\s*(?P<name>[^<]+)")
MOUNT = "--mount="
ADDRESS = re.compile(r"https?://|git@|ssh://|git://")
WITH_HEREDOCS = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True)
class Taken:
    """A source below the build context, its variables filled in, and the line that the instruction begins in."""

    line: int
    source: str


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continued lines joined: the line it begins in, its name in capitals, its arguments."""

    line: int
    name: str
    rest: str


@dataclass(frozen=True)
class Words:
    """What words are read with: the build arguments given, the variables from before the first FROM, the escape."""

    given: Mapping[str, str]
    before: Mapping[str, str]
    escape: str


@dataclass
class Stage:
    """A stage: what it is made from, what it takes from the context, and the other stages that it needs.

    `triggers` are the instructions that a stage made from this one begins with (ONBUILD).
    """

    name: str
    needs: set[str]
    variables: dict[str, str] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    triggers: list[Instruction] = field(default_factory=list)


def read_taken(
    text: str, arguments: Mapping[str, str] | None = None, target: str = "", platform: str = ""
) -> tuple[Taken, ...]:
    """What the target takes from the build context; without a target, the last stage. `arguments` are build arguments.

    A target that does not exist takes what every stage takes: the build will say that it is wrong. `platform` is what
    is built for and on; without one, TARGETARCH and the like are not known.
    """
    stages = read_stages(text, arguments or {}, platform)
    by_name = map_names(stages)
    first = by_name.get(target.lower()) if target else (stages[-1] if stages else None)
    if first is None:
        return tuple(taken for stage in stages for taken in stage.taken)
    built: list[Stage] = []
    waiting = [first]
    # Ends, since a stage is followed once and there are finitely many.
    while waiting:
        stage = waiting.pop()
        if not any(stage is other for other in built):
            built.append(stage)
            waiting += [by_name[need] for need in stage.needs if need in by_name]
    return tuple(sorted((taken for stage in built for taken in stage.taken), key=lambda taken: taken.line))


def map_names(stages: Sequence[Stage]) -> dict[str, Stage]:
    """Each stage by its number and its name; a later one of the same name wins."""
    return {name: stage for number, stage in enumerate(stages) for name in (str(number), stage.name.lower()) if name}


def read_stages(text: str, arguments: Mapping[str, str], platform: str = "") -> list[Stage]:
    """The stages of a Dockerfile. What comes before the first FROM is in none of them."""
    before = make_platform_arguments(platform)
    escape = read_escape(text.removeprefix("\ufeff").split("\n"))
    stages: list[Stage] = []
    for instruction in read_instructions(text):
        if instruction.name == "FROM":
            stages.append(begin_stage(instruction, before, stages, Words(arguments, before, escape)))
        elif stages:
            add_instruction(stages[-1], instruction, Words(arguments, before, escape))
        elif instruction.name == "ARG":
            set_variables(instruction, before, Words(arguments, {}, escape))
    return stages


def make_platform_arguments(platform: str) -> dict[str, str]:
    """The arguments that a builder gives every build, for a builder of the same platform."""
    if not platform:
        return {}
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    parts = {"PLATFORM": platform, "OS": system, "ARCH": architecture, "VARIANT": variant}
    return {f"{side}{name}": value for side in ("TARGET", "BUILD") for name, value in parts.items()}


def begin_stage(instruction: Instruction, before: Mapping[str, str], stages: Sequence[Stage], known: Words) -> Stage:
    """The stage that FROM begins. Its base may be another stage, whose variables it has."""
    words = [word for word in instruction.rest.split() if not word.startswith("--")]
    base = expand_or_keep(words[0], before, known.escape).lower() if words else ""
    is_named = len(words) > len(("base", "AS")) and words[1].upper() == "AS"
    stage = Stage(words[2] if is_named else "", {base})
    parent = map_names(stages).get(base)
    if parent:
        stage.variables.update(parent.variables)
        for trigger in parent.triggers:
            add_instruction(stage, trigger, known)
    return stage


def add_instruction(stage: Stage, instruction: Instruction, known: Words) -> None:
    """Add what an instruction takes from the context or from another stage, or sets."""

    def fill(word: str) -> str:
        return expand_or_keep(word, stage.variables, known.escape)

    if instruction.name in {"ARG", "ENV"}:
        set_variables(instruction, stage.variables, known)
    elif instruction.name == "ONBUILD":
        stage.triggers.append(read_instruction(instruction.line, instruction.rest))
    elif instruction.name in {"COPY", "ADD"}:
        flags, rest = split_arguments(instruction.rest)
        words = read_list(rest) or rest.split()
        origins = [fill(flag.removeprefix("--from=")) for flag in flags if flag.startswith("--from=")]
        stage.needs |= {origin.lower() for origin in origins}
        if not origins:
            sources = (fill(word) for word in words[:-1] if not read_heredoc(word))
            stage.taken += [Taken(instruction.line, source) for source in sources if not ADDRESS.match(source)]
    elif instruction.name == "RUN":
        flags, _ = split_arguments(instruction.rest)
        for options in (flag.removeprefix(MOUNT) for flag in flags if flag.startswith(MOUNT)):
            pairs = (option.partition("=") for option in options.split(","))
            mount: dict[str, str] = {key: fill(value) for key, _, value in pairs}
            if "from" in mount:
                stage.needs.add(mount["from"].lower())
            elif mount.get("type", "bind") == "bind":
                stage.taken.append(Taken(instruction.line, mount.get("source", mount.get("src", ".")) or "."))


def set_variables(instruction: Instruction, variables: dict[str, str], known: Words) -> None:
    """Set what ARG or ENV sets.

    An argument that is given wins over its default; one without a default has the value from before the first FROM. The
    values of one ENV do not see each other.
    """
    before = dict(variables)
    for name, value in read_variables(instruction):
        if instruction.name == "ENV":
            if value is not None:
                variables[name] = expand_or_keep(value, before, known.escape)
        elif name in known.given:
            variables[name] = known.given[name]
        elif value is not None:
            variables[name] = expand_or_keep(value, variables, known.escape)
        elif name in known.before:
            variables[name] = known.before[name]


def read_instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a text, heredocs left out."""
    lines = text.removeprefix("\ufeff").split("\n")
    escape = read_escape(lines)
    # The end of a line continues it unless the escape is escaped itself.
    continued = re.compile(rf"(?:^|[^{re.escape(escape)}]){re.escape(escape)}[ \t]*$")
    number = 0
    while number < len(lines):
        begin = number
        whole = lines[number].rstrip("\r").strip()
        number += 1
        if not whole or whole.startswith("#"):
            continue
        while continued.search(whole) and number < len(lines):
            more = lines[number].rstrip("\r")
            number += 1
            # Comments and empty lines inside an instruction are skipped.
            if more.strip() and not more.lstrip().startswith("#"):
                whole = whole.rstrip(" \t")[:-1] + more
        if continued.search(whole):  # nothing follows it
            whole = whole.rstrip(" \t")[:-1]
        instruction = read_instruction(begin + 1, whole)
        if instruction.name in WITH_HEREDOCS and read_list(split_arguments(instruction.rest)[1]) is None:
            number = skip_heredocs(instruction.rest, lines, number)
        yield instruction


def read_escape(lines: list[str]) -> str:
    """The escape character, which a directive at the top may change to a backtick (for Windows)."""
    for line in lines:
        match = DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        if match["name"].lower() == "escape" and match["value"] in {"\\", "`"}:
            return match["value"]
    return "\\"


def read_instruction(line: int, text: str) -> Instruction:
    """An instruction of one line."""
    name, *rest = re.split(r"[\t\v\f\r ]+", text.strip(), maxsplit=1)
    return Instruction(line, name.upper(), "".join(rest).strip())


def read_heredoc(word: str) -> tuple[str, bool] | None:
    """The line that ends a heredoc, and whether tabs before it are dropped; None for another word."""
    match = HEREDOC.fullmatch(word)
    if match is None or len(split_line(match["name"])) != 1:
        return None
    return expand_or_keep(match["name"], {}), bool(match["strips_tabs"])


def skip_heredocs(rest: str, lines: list[str], number: int) -> int:
    """The number of the line after the heredocs of an instruction. One that does not end is none."""
    for word in split_line(rest):
        heredoc = read_heredoc(word)
        if heredoc is None:
            continue
        name, strips_tabs = heredoc
        for end in range(number, len(lines)):
            line = lines[end].rstrip("\r")
            if (line.lstrip("\t") if strips_tabs else line) == name:
                number = end + 1
                break
    return number


def split_arguments(rest: str) -> tuple[list[str], str]:
    """The flags at the start of an instruction, and what follows them."""
    flags = []
    while rest.startswith("--"):
        flag, *more = re.split(r"[\t\v\f\r ]+", rest, maxsplit=1)
        flags.append(flag)
        rest = "".join(more)
    return flags, rest


def read_list(text: str) -> list[str] | None:
    """The words of a JSON list of texts; None for anything else."""
    if not text.startswith("["):
        return None
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return listed if all(isinstance(word, str) for word in listed) else None


def read_variables(instruction: Instruction) -> Iterator[tuple[str, str | None]]:
    """Name and value of each variable of ARG or ENV, as they are written; None without a value."""
    words = split_line(instruction.rest)
    if instruction.name == "ENV" and words and "=" not in words[0]:
        yield words[0], instruction.rest[len(words[0]) :].strip()
        return
    for word in words:
        name, has_value, value = word.partition("=")
        yield name, value if has_value else None
