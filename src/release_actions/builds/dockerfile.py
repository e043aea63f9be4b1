"""What a Dockerfile takes from its build context. Reads Dockerfiles and never builds one; no text is an error.

The sources of COPY and ADD, and of bind mounts of RUN, in the stages that are built. What comes from another stage, an
image, an address or a heredoc is not a file of the repository. BuildKit's parser is the reference
(github.com/moby/buildkit, frontend/dockerfile/parser and shell): it splits instructions at white space, knows a heredoc
by a whole word, and takes COPY's arguments as they are, so that `it's.txt` is a name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DIRECTIVE = re.compile(r"#\s*(?P<name>[a-zA-Z][a-zA-Z0-9]*)\s*=\s*(?P<value>.+?)\s*")
HEREDOC = re.compile(r"\d*<<(?P<strips_tabs>-?)(?P<name>[^<]+)")
MOUNT = re.compile(r"--mount=(\S+)")
ADDRESS = re.compile(r"https?://|git@|ssh://|git://")
VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?:(?P<kind>:?[-+])(?P<word>[^}]*))?\})")
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


@dataclass
class Stage:
    """A stage: what it is made from, what it takes from the context, and the other stages that it needs."""

    name: str
    needs: set[str]
    variables: dict[str, str] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)


def read_taken(text: str, arguments: Mapping[str, str] | None = None, target: str = "") -> tuple[Taken, ...]:
    """What the target takes from the build context; without a target, the last stage. `arguments` are build arguments.

    A target that does not exist takes what every stage takes: the build will say that it is wrong.
    """
    stages = read_stages(text, arguments or {})
    by_name = {name: stage for number, stage in enumerate(stages) for name in (str(number), stage.name.lower())}
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


def read_stages(text: str, arguments: Mapping[str, str]) -> list[Stage]:
    """The stages of a Dockerfile. What comes before the first FROM is in none of them."""
    before: dict[str, str] = {}
    stages: list[Stage] = []
    for instruction in read_instructions(text):
        if instruction.name == "FROM":
            stages.append(begin_stage(instruction, {**before, **{k: v for k, v in arguments.items() if k in before}}))
        elif instruction.name in {"ARG", "ENV"}:
            known = stages[-1].variables if stages else before
            for name, value in read_variables(instruction, known):
                if instruction.name == "ARG":
                    # An argument that is given wins over the default, and a bare one has the value from before FROM.
                    given = arguments.get(name, before.get(name) if stages and value is None else value)
                    if given is not None:
                        known[name] = given
                elif value is not None:
                    known[name] = value
        elif stages:
            add_instruction(stages[-1], instruction)
    return stages


def begin_stage(instruction: Instruction, variables: Mapping[str, str]) -> Stage:
    """The stage that FROM begins. Its base may be another stage."""
    words = [word for word in instruction.rest.split() if not word.startswith("--")]
    base = expand(words[0], variables).lower() if words else ""
    is_named = len(words) > len(("base", "AS")) and words[1].upper() == "AS"
    return Stage(words[2] if is_named else "", {base})


def add_instruction(stage: Stage, instruction: Instruction) -> None:
    """Add what an instruction takes from the context or from another stage."""
    if instruction.name in {"COPY", "ADD"}:
        flags, words = split_arguments(instruction.rest)
        origins = [
            expand(flag.removeprefix("--from="), stage.variables) for flag in flags if flag.startswith("--from=")
        ]
        stage.needs |= {origin.lower() for origin in origins}
        if not origins:
            sources = (expand(word, stage.variables) for word in words[:-1] if not HEREDOC.fullmatch(word))
            stage.taken += [Taken(instruction.line, source) for source in sources if not ADDRESS.match(source)]
    elif instruction.name == "RUN":
        for options in MOUNT.findall(instruction.rest):
            pairs = (option.partition("=") for option in options.split(","))
            mount: dict[str, str] = {key: expand(value, stage.variables) for key, _, value in pairs}
            if "from" in mount:
                stage.needs.add(mount["from"].lower())
            elif mount.get("type", "bind") == "bind":
                stage.taken.append(Taken(instruction.line, mount.get("source", mount.get("src", "."))))


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
        name, _, rest = whole.replace("\t", " ").partition(" ")
        instruction = Instruction(begin + 1, name.upper(), rest.strip())
        if instruction.name in WITH_HEREDOCS and not instruction.rest.startswith("["):
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


def skip_heredocs(rest: str, lines: list[str], number: int) -> int:
    """The number of the line after the heredocs of an instruction; that of the last line if one does not end."""
    for word in split_words(rest):
        match = HEREDOC.fullmatch(word)
        if match is None:
            continue
        name = match["name"].strip("\"'")
        while number < len(lines):
            line = lines[number].rstrip("\r")
            number += 1
            if (line.lstrip("\t") if match["strips_tabs"] else line) == name:
                break
    return number


def split_words(text: str) -> list[str]:
    """The words of a shell's line, with their quotes: white space inside quotes and `$(…)` does not end one."""
    words, word, quote, depth = [], "", "", 0
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in {"'", '"'}:
            quote = sign
        elif sign in "()":
            depth = max(0, depth + (1 if sign == "(" else -1))
        elif sign.isspace() and not depth:
            words.append(word)
            word = ""
            continue
        word += sign
    return [written for written in (*words, word) if written]


def split_arguments(rest: str) -> tuple[list[str], list[str]]:
    """Flags and words of COPY or ADD, as a JSON list or between white space. No quote has a meaning there."""
    flags = []
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        flags.append(flag)
        rest = rest.lstrip()
    if rest.startswith("["):
        try:
            listed = json.loads(rest)
            if all(isinstance(word, str) for word in listed):
                return flags, listed
        except (ValueError, RecursionError):
            pass
    return flags, rest.split()


def read_variables(instruction: Instruction, known: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Name and value of each variable of ARG or ENV; None without a value."""
    words = split_words(instruction.rest)
    if instruction.name == "ENV" and words and "=" not in words[0]:
        yield words[0], expand(instruction.rest.partition(" ")[2].strip(), known)
        return
    for word in words:
        name, has_value, value = word.partition("=")
        yield name, expand(unquote(value), known) if has_value else None


def unquote(word: str) -> str:
    """A word without the quotes around it."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word


def expand(text: str, variables: Mapping[str, str]) -> str:
    """A text with its variables filled in. One that is not known is kept as it is written."""

    def fill(match: re.Match[str]) -> str:
        value = variables.get(match["plain"] or match["name"])
        kind = match["kind"] or ""
        is_set = value is not None and (value != "" or not kind.startswith(":"))
        if kind.endswith("-"):
            return str(value) if is_set else match["word"]
        if kind.endswith("+"):
            return match["word"] if is_set else ""
        return match[0] if value is None else value

    return VARIABLE.sub(fill, text)
