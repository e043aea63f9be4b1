"""What a simple command does to variables, by its name and its words. Pure.

A command of another program changes no variable. One that may be a function or another file's text may change all that
were set before it. Every command is taken to come back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from release_actions.builds.shell_events import Assignment, Event, Stop, Touch
from release_actions.builds.shell_words import KEY, NAME, ShellTextError, Word

DECLARING = frozenset({"export", "readonly", "declare", "typeset"})
"""Commands that set what they are given as NAME=value."""

FLAGS = re.compile(r"[-+][A-Za-z]+|--")
SPECIAL_FLAGS = frozenset("aAilucI")
"""Flags for lists, and for variables whose values a shell changes."""

HARMLESS_SET = re.compile(r"[-+][eaux]+|[-+]e?u?x?o|pipefail|errexit|nounset|allexport|xtrace")

HARMLESS = frozenset(
    {
        *("true", "false", ":", "echo", "printf", "test", "[", "cd", "pwd", "umask", "ulimit", "type", "times", "kill"),
        *("caller", "help", "hash", "jobs", "suspend", "break", "continue"),
    }
)
STOPPING = frozenset({"exit", "return", "exec", "logout", "trap", "alias", "unalias", "shopt", "enable", "set"})
"""What may end the text, or give what follows another meaning."""

READING = frozenset({".", "source", "eval", "builtin", "command"})
"""What may define functions that the text does not have."""

CHANGING = READING | {
    *("coproc", "read", "unset", "let", "getopts", "mapfile", "readarray", "wait", "local", "shift", "bind", "compgen"),
    *("complete", "compopt", "dirs", "pushd", "popd", "disown", "fc", "fg", "bg", "history"),
}
OF_THE_SHELL = frozenset(
    {
        *("_", "BASHOPTS", "BASHPID", "BASH_ARGV0", "BASH_COMMAND", "BASH_LINENO", "BASH_REMATCH", "BASH_SUBSHELL"),
        *("BASH_VERSINFO", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS", "HISTCMD"),
        *("LINENO", "OPTIND", "OPTARG", "PIPESTATUS", "POSIXLY_CORRECT", "PPID", "RANDOM", "SECONDS", "SHELLOPTS"),
        *("SRANDOM", "UID", "OLDPWD", "PWD", "REPLY", "COLUMNS", "LINES", "SHLVL", "IFS"),
    }
)
"""Variables that a shell itself changes, or whose value changes how it reads what follows."""

BEFORE_EQUALS = "nowhere, since a space is before the equals sign"


@dataclass(frozen=True)
class SimpleCommand:
    """A command's words, what is written, and where that begins."""

    words: tuple[Word, ...]
    text: str
    at: int


class Effects:
    """Notes what commands change. `functions` and `constants` are those that the text makes."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.functions: set[str] = set()
        self.constants: set[str] = set()
        self.may_be_function = False

    def add_function(self, name: str, line: int) -> None:
        """Note a function. Calling it may change everything; one in place of a known command changes what that does."""
        self.functions.add(name)
        if name in DECLARING | HARMLESS | STOPPING | CHANGING:
            self.events += [Touch(line, "", name), Stop(line, f"the function {name}")]

    def assign(self, word: Word, condition: str = "") -> None:
        """Note an assignment."""
        if word.key in OF_THE_SHELL:
            self.events.append(Touch(word.line, word.key, word.raw))
        else:
            value = word.value if word.is_plain else None
            self.events.append(Assignment(word.line, word.key, value, word.expanded_at, condition))
        if word.key in self.constants:
            # A shell ends the text here, or the line at least.
            self.events.append(Stop(word.line, word.raw))

    def note_command(self, command: SimpleCommand) -> None:
        """Note what a command changes, by its name."""
        first, *words = command.words
        name = first.value if first.is_plain and not first.key else ""
        is_function = name in self.functions
        if any(word.is_list for word in words) and name not in {*DECLARING, "local"}:
            message = "Only a variable can be given a list."
            raise ShellTextError(message, first.line)
        if name in DECLARING and not is_function:
            self.note_declaration(name, words, command)
        elif name in STOPPING and not is_harmless_set(name, words):
            # A trap may run whenever something ends; the others change only what follows.
            self.events += [Touch(first.line, "", command.text)] if name == "trap" else []
            self.events.append(Stop(first.line, command.text))
        elif words and words[0].raw.startswith("=") and NAME.fullmatch(name):
            self.events.append(Assignment(first.line, name, None, command.at, BEFORE_EQUALS, is_apart=True))
        elif not name or is_function or has_effect(name, words) or (self.may_be_function and name not in HARMLESS):
            self.may_be_function = self.may_be_function or name in READING
            self.events.append(Touch(first.line, "", command.text))

    def note_declaration(self, name: str, words: list[Word], command: SimpleCommand) -> None:
        """Note what `export` and similar commands set."""
        flags = "".join(word.raw for word in words if FLAGS.fullmatch(word.raw))
        assigned = list(read_assigned(word for word in words if not FLAGS.fullmatch(word.raw)))
        if ("n" in flags and name != "export") or any(not NAME.fullmatch(word.key) for word in assigned):
            # One variable stands for another, or it is not known which one is set.
            line = command.words[0].line
            self.events += [Touch(line, "", command.text), Stop(line, command.text)]
            return
        is_special = bool(set(flags) & SPECIAL_FLAGS)
        for word in assigned:
            # Outside of an assignment, a shell also expands braces, and some of them globs.
            is_expanded = is_special or word.has_globs
            if "=" in word.raw or is_special:
                self.assign(replace(word, expanded_at=command.at) if is_expanded and word.is_plain else word)
        if name == "readonly" or "r" in flags:
            self.constants |= {word.key for word in assigned}


def read_assigned(words: Iterable[Word]) -> Iterator[Word]:
    """What a declaring command is given, its name as key: `"A=1"` sets A as well. No key where no name is known."""
    for word in words:
        match = KEY.match(word.value) if word.is_plain and not word.key else None
        if match and match["sign"] == "=":
            yield replace(word, key=match["name"], value=word.value[match.end() :])
        elif word.is_plain and not word.key:
            yield replace(word, key=word.value)
        else:
            yield word


def has_effect(name: str, words: list[Word]) -> bool:
    """Whether a command that is no function of the text may change variables."""
    return name in CHANGING or (name == "printf" and any("-v" in word.raw for word in words))


def is_harmless_set(name: str, words: list[Word]) -> bool:
    """Whether `set` only decides when the shell stops and what it prints, or sets what has no name."""
    options = [word.raw for word in words]
    is_known = bool(options) and all(HARMLESS_SET.fullmatch(option) for option in options)
    return name == "set" and (is_known or options[:1] == ["--"])
