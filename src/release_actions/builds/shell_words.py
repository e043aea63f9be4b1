"""The words of a shell's text: what each is without its quotes, and where a shell would put something else there.

The POSIX shell's grammar (Shell Command Language, sections 2.2, 2.3, 2.6 and 2.7.4) and what Bash adds to it. Nothing
is expanded and nothing is run. A text that no shell could read to its end is a `ShellTextError`.
"""

from __future__ import annotations

import abc
import bisect
import re
from dataclasses import dataclass
from typing import NoReturn

from release_actions.builds.shell_events import Event, Touch

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NAME_AND_SIGN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?")
KEY = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<sign>\+?=)")
BLANKS = " \t"
ENDS_WORD = frozenset(" \t\n;&|<>()")
SPECIAL_PARAMETERS = frozenset("@*#?$!-")
BRACES_OR_GLOBS = frozenset("*?[{")
ESCAPED_IN_QUOTES = frozenset('$`"\\')
CHANGING_ARITHMETIC = re.compile(r"\+\+|--|(?<![=!<>])=(?!=)|(?:<<|>>)=")
LENGTH = re.compile(r"\$\{#\w+(?:\[[@*]\])?\}")
DEFAULTING = re.compile(r"(?P<name>\w+):?=")
DEEPEST = 40
"""How deep expansions and commands may be nested."""


class ShellTextError(Exception):
    """Where a text stops being a shell's, and why: a full sentence."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True)
class Word:
    """A word. `key` is the name before an unquoted `=`, and `value` what follows it; without a key, all of it.

    `expanded_at` is where in the text a shell would put something else in place of what is written; -1 for a plain
    word. `has_globs` means that a brace or a glob is not quoted, which a shell expands outside of assignments, and
    `is_list` that the value is a list in parentheses.
    """

    line: int
    raw: str
    value: str
    expanded_at: int = -1
    key: str = ""
    has_globs: bool = False
    is_list: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the value is what a shell would take."""
        return self.expanded_at < 0


class WordReader(abc.ABC):
    """Reads words one after the other, `at` the next character. `events` collects what expansions change."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.events: list[Event] = []
        self.heredocs: list[tuple[str, bool, bool]] = []
        self.line_ends = [match.start() for match in re.finditer("\n", text)]

    @abc.abstractmethod
    def skip_commands(self, closer: str) -> None:
        """Read the commands of a substitution up to its end. What they change is changed in a shell of their own."""

    @property
    def line(self) -> int:
        """The line of the next character, counted from 1."""
        return self.line_at(self.at)

    def line_at(self, at: int) -> int:
        """The line of a character, counted from 1."""
        return bisect.bisect_left(self.line_ends, at) + 1

    def peek(self, ahead: int = 0) -> str:
        """A character that follows; empty at the end."""
        return self.text[self.at + ahead : self.at + ahead + 1]

    def refuse(self, message: str, at: int) -> NoReturn:
        """Raise an error about a place in the text."""
        raise ShellTextError(message, self.line_at(at))

    def enter(self) -> None:
        """Go a level deeper."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse(f"The text is nested more than {DEEPEST} levels deep.", self.at)

    def skip_continuation(self) -> bool:
        """Skip a backslash at the end of a line, which joins it with the next one."""
        if self.text.startswith("\\\n", self.at):
            self.at += 2
            return True
        return False

    def skip_blanks(self) -> None:
        """Skip what separates words, and a comment."""
        while self.peek() and (self.peek() in BLANKS or self.skip_continuation()):
            self.at += 1 if self.peek() and self.peek() in BLANKS else 0
        if self.peek() == "#":
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end

    def skip_newline(self) -> None:
        """Skip the end of a line, and the here-documents that begin after it."""
        self.at += 1
        waiting, self.heredocs = self.heredocs, []
        for name, strips_tabs, is_expanded in waiting:
            self.skip_heredoc(name, strips_tabs=strips_tabs, is_expanded=is_expanded)

    def skip_heredoc(self, name: str, *, strips_tabs: bool, is_expanded: bool) -> None:
        """Skip a here-document. In one whose name is not quoted, a shell expands what it finds."""
        begin = stop = self.at
        is_ended = False
        while self.at < len(self.text) and not is_ended:
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            line = self.text[self.at : end]
            is_ended = (line.lstrip("\t") if strips_tabs else line) == name
            stop = self.at if is_ended else end
            self.at = min(end + 1, len(self.text))
        if is_expanded:
            self.skip_expansions(begin, stop)

    def skip_expansions(self, begin: int, end: int) -> None:
        """Note what the expansions in a piece of text change."""
        after, self.at = self.at, begin
        while self.at < end:
            if self.peek() == "\\":
                self.at += 2
            elif self.peek() == "$":
                self.skip_dollar(in_quotes=True)
            elif self.peek() == "`":
                self.skip_backquotes()
            else:
                self.at += 1
        self.at = max(after, self.at)

    def read_word(self) -> Word:
        """The word that begins here."""
        begin, line = self.at, self.line
        raw: list[str] = []
        pieces: list[str] = []
        expanded_at, has_globs, is_list, key = -1, False, False, ""
        name: str | None = ""  # what is read, as long as it can be a name or `name+`
        while (sign := self.peek()) and (sign not in ENDS_WORD or (sign == "(" and raw[-1:] == ["="] and key)):
            piece_at = self.at
            if self.skip_continuation():
                continue
            piece = self.read_piece()
            if piece is None or (sign == "~" and (not raw or raw[-1] in {"=", ":"})):
                # A home folder, at the start of a word or of a value and after a colon.
                expanded_at = piece_at if expanded_at < 0 else expanded_at
            raw.append(self.text[piece_at : self.at])
            pieces.append(piece or "")
            has_globs, is_list = has_globs or sign in BRACES_OR_GLOBS, is_list or sign == "("
            if name and sign == "=" and not key:
                key, name = name.removesuffix("+"), None
                pieces.clear()
                expanded_at = begin if raw[-2] == "+" else expanded_at
            elif name and sign == "[" and not name.endswith("+") and self.skip_subscript():
                key, name, expanded_at = name, None, begin
            elif name is not None:
                name = name + sign if NAME_AND_SIGN.fullmatch(name + sign) else None
        if not key and self.is_process():
            self.skip_parentheses()
            return Word(line, "".join(raw), "", begin)
        return Word(line, "".join(raw), "".join(pieces), expanded_at, key, has_globs, is_list)

    def read_piece(self) -> str | None:
        """The next piece of a word without its quotes; None for one that a shell expands."""
        match self.peek():
            case "\\":
                self.at += 2
                return self.text[self.at - 1 : self.at] or None
            case "'":
                end = self.text.find("'", self.at + 1)
                if end < 0:
                    self.refuse("The quote ' has no end.", self.at)
                begin, self.at = self.at + 1, end + 1
                return self.text[begin:end]
            case '"':
                return self.read_quoted()
            case "$" | "`" | "(" | "<" | ">" as sign:
                skip = {"$": self.skip_dollar, "`": self.skip_backquotes}.get(sign, self.skip_parentheses)
                skip()
                return None
            case sign:
                self.at += 1
                return sign

    def read_quoted(self) -> str | None:
        """What is in double quotes; None if a shell expands something of it."""
        begin = self.at
        self.at += 1
        pieces: list[str] = []
        is_plain = True
        while (sign := self.peek()) != '"':
            if not sign:
                self.refuse('The quote " has no end.', begin)
            if sign == "\\":
                escaped = self.peek(1)
                pieces.append("" if escaped == "\n" else escaped if escaped in ESCAPED_IN_QUOTES else sign + escaped)
                self.at += 2
            elif sign in "$`":
                is_plain = False
                if sign == "$":
                    self.skip_dollar(in_quotes=True)
                else:
                    self.skip_backquotes()
            else:
                pieces.append(sign)
                self.at += 1
        self.at += 1
        return "".join(pieces) if is_plain else None

    def is_process(self) -> bool:
        """Whether a command begins whose output or input a file name stands for."""
        return self.peek() in {"<", ">"} and self.peek(1) == "("

    def skip_subscript(self) -> bool:
        """Skip `…]=` of an array's element. False, and nothing is skipped, when this is no element."""
        match = re.compile(r"[^\]\n]*\]\+?=").match(self.text, self.at)
        if match:
            self.at = match.end()
        return bool(match)

    def skip_parentheses(self) -> None:
        """Skip a list or a process substitution: words in parentheses."""
        if self.peek() in "<>":
            self.at += 2
            self.skip_commands(")")
            return
        begin = self.at
        self.at += 1
        while True:
            self.skip_blanks()
            sign = self.peek()
            if not sign:
                self.refuse("The parenthesis ( has no end.", begin)
            if sign == ")":
                self.at += 1
                return
            if sign == "\n":
                self.skip_newline()
            elif sign in ENDS_WORD and not self.is_process():
                self.refuse(f"The character {sign} cannot be in a list.", self.at)
            else:
                place = self.at
                if self.read_word().raw.startswith("["):
                    self.note_arithmetic(place, self.at)

    def skip_dollar(self, *, in_quotes: bool = False) -> None:
        """Skip an expansion, and note what it changes."""
        begin, sign = self.at, self.peek(1)
        self.enter()
        if self.text.startswith("$((", begin) and (end := self.find_arithmetic_end(begin + 3)):
            self.note_arithmetic(begin, end)
            self.at = end
        elif sign == "(":
            self.at += 2
            self.skip_commands(")")
        elif sign == "{":
            self.skip_parameter(in_quotes=in_quotes)
        elif sign == "'" and not in_quotes:
            match = re.compile(r"\$'(?:[^'\\]|\\.)*'", re.DOTALL).match(self.text, begin)
            if match is None:
                self.refuse("The quote ' has no end.", begin)
            self.at = match.end()
        elif sign == "[" and (end := self.text.find("]", begin)) > 0:
            self.note_arithmetic(begin, end + 1)
            self.at = end + 1
        else:
            self.at += 1
            match = NAME.match(self.text, self.at)
            if match:
                self.at = match.end()
            elif sign and (sign in SPECIAL_PARAMETERS or sign.isdigit()):
                self.at += 1
        self.depth -= 1

    def find_arithmetic_end(self, at: int) -> int:
        """Where `))` of an arithmetic expression ends; 0 when it is no such expression."""
        depth, place = 0, at
        while place < len(self.text):
            sign = self.text[place]
            if sign in "'\"":
                end = self.text.find(sign, place + 1)
                if end < 0:
                    return 0
                place = end
            elif sign == "\\":
                place += 1
            elif sign == "`":
                return 0
            elif sign == ")" and not depth:
                return place + 2 if self.text.startswith("))", place) else 0
            depth += (sign == "(") - (sign == ")")
            place += 1
        return 0

    def note_arithmetic(self, begin: int, end: int) -> None:
        """Note what an expression changes: any of the variables in it, or any at all if something is nested in it."""
        written = self.text[begin:end]
        # What is nested may be any text, but for the length of something.
        if re.search(r"[$`\[\\]", LENGTH.sub("0", written)[1:].removeprefix("[")):
            self.touch("", begin, end)
        elif CHANGING_ARITHMETIC.search(written):
            for name in dict.fromkeys(NAME.findall(written)):
                self.touch(name, begin, end)

    def skip_parameter(self, *, in_quotes: bool) -> None:
        """Skip `${…}`."""
        begin = self.at
        self.at += 2
        defaulting = DEFAULTING.match(self.text, self.at)
        first = self.peek()
        operator = re.compile(r"!?[\w@*#?$-]*(?P<sign>.?)", re.DOTALL).match(self.text, self.at)
        while (sign := self.peek()) != "}":
            if not sign:
                self.refuse("The brace { has no end.", begin)
            if sign == "\\":
                self.at += 2
            elif sign == "$":
                self.skip_dollar(in_quotes=in_quotes)
            elif sign == "`":
                self.skip_backquotes()
            elif sign in "'\"":  # inside of double quotes too: Bash reads it so
                self.read_piece()
            else:
                self.at += 1
        self.at += 1
        written = self.text[begin : self.at]
        if defaulting:
            self.touch(defaulting["name"], begin, self.at)
        elif (first and first in BLANKS + "\n|(!") or (
            ("[" in written or (operator and operator["sign"] == ":")) and CHANGING_ARITHMETIC.search(written)
        ):  # a command in this shell, a name in a variable, or an expression
            self.touch("", begin, self.at)

    def skip_backquotes(self) -> None:
        """Skip a command between backquotes, in which a backslash keeps one of them from ending it."""
        match = re.compile(r"`(?:[^`\\]|\\.)*`", re.DOTALL).match(self.text, self.at)
        if match is None:
            self.refuse("The quote ` has no end.", self.at)
        self.at = match.end()

    def touch(self, name: str, begin: int, end: int) -> None:
        """Note that a piece of the text may change a variable."""
        self.events.append(Touch(self.line_at(begin), name, self.text[begin:end]))
