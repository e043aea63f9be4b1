"""Words of Dockerfile instructions: their quotes removed and their variables filled in, as BuildKit does it.

The reference is BuildKit's lexer (github.com/moby/buildkit, frontend/dockerfile/shell). A variable whose value is not
known is kept as it is written. What BuildKit refuses is a `WordError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

VARIABLE_NAME = re.compile(r"[0-9]+|[@*#?$!-]|[^\W\d]\w*")
ESCAPED_OR_SIGN = re.compile(r"\\.|.", re.DOTALL)
OPERATORS = re.compile(r":?[-+?]|##?|%%?|//?")


LONGEST_TEXT = 20_000
LONGEST_CUT = 200
MOST_STARS = 2
"""What is longer, or has more wildcards to try, is kept as it is written: a fork writes Dockerfiles too."""


class WordError(Exception):
    """A quote or a brace that does not end, or an expansion that is none."""


def expand_word(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """A text without its quotes, its variables filled in. Raises `WordError`."""
    expanded = WordReader(text, variables, escape).read("")
    if len(expanded) > LONGEST_TEXT:
        message = f"more than {LONGEST_TEXT} characters"
        raise WordError(message)
    return expanded


def expand_or_keep(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """The same, but a text that BuildKit refuses is kept as it is written."""
    try:
        return expand_word(text, variables, escape)
    except (WordError, RecursionError):
        return text


class WordReader:
    """Reads a text from left to right, `at` the next character."""

    def __init__(self, text: str, variables: Mapping[str, str], escape: str) -> None:
        self.text = text
        self.variables = variables
        self.escape = escape
        self.at = 0

    def next(self) -> str:
        """The next character, which is read; empty at the end."""
        sign = self.text[self.at : self.at + 1]
        self.at += len(sign)
        return sign

    def read(self, until: str, *, keeps_escapes: bool = False) -> str:
        """The text up to a character that is not quoted, which is read as well; without one, to the end."""
        pieces: list[str] = []
        while sign := self.next():
            if sign == until:
                return "".join(pieces)
            if sign == "'":
                pieces.append(self.read_quoted())
            elif sign == '"':
                pieces.append(self.read_double_quoted())
            elif sign == "$":
                pieces.append(self.read_variable())
            elif sign == self.escape:
                pieces.append((sign if keeps_escapes else "") + self.next())
            else:
                pieces.append(sign)
        if until:
            message = f"{until} is missing"
            raise WordError(message)
        return "".join(pieces)

    def read_quoted(self) -> str:
        """What is in single quotes."""
        end = self.text.find("'", self.at)
        if end < 0:
            message = "the quote ' has no end"
            raise WordError(message)
        begin, self.at = self.at, end + 1
        return self.text[begin:end]

    def read_double_quoted(self) -> str:
        """What is in double quotes, its variables filled in."""
        pieces: list[str] = []
        while (sign := self.next()) != '"':
            if not sign:
                message = 'the quote " has no end'
                raise WordError(message)
            if sign == "$":
                pieces.append(self.read_variable())
            elif sign == self.escape:
                after = self.text[self.at : self.at + 1]
                # An escape is one before few characters only, and is nothing at the end.
                is_escaping = bool(after) and after in f'"${self.escape}'
                pieces.append(self.next() if is_escaping else sign if after else "")
            else:
                pieces.append(sign)
        return "".join(pieces)

    def read_name(self) -> str:
        """The name of a variable; empty where none is."""
        match = VARIABLE_NAME.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def read_variable(self) -> str:
        """The value of the variable after `$`; as it is written if that is not known."""
        begin = self.at - 1
        if self.text[self.at : self.at + 1] != "{":
            name = self.read_name()
            return self.variables.get(name, f"${name}") if name else "$"
        self.at += 1
        name = self.read_name()
        if name and self.text[self.at : self.at + 1] == "}":
            self.at += 1
            return self.variables.get(name, f"${{{name}}}")
        operator = OPERATORS.match(self.text, self.at) if name else None
        if operator is None:
            message = "a bad substitution"
            raise WordError(message)
        self.at = operator.end()
        return self.apply(name, operator[0], begin)

    def apply(self, name: str, operator: str, begin: int) -> str:
        """The value of a variable as an operator changes it."""
        is_replacing, is_cutting = operator[0] == "/", operator[0] in "#%"
        pattern = self.read("/", keeps_escapes=True) if is_replacing else ""
        word = self.read("}", keeps_escapes=is_replacing or is_cutting)
        value = self.variables.get(name)
        is_set = value is not None and (value != "" or operator[0] != ":")
        if operator[-1] == "+":
            return word if is_set else ""
        if operator[-1] == "-" and not is_set:
            return word
        if value is None:
            return self.text[begin : self.at]
        if operator[-1] == "?" and not is_set:
            message = f"{name} is empty"
            raise WordError(message)
        if (is_replacing or is_cutting) and (len(value) > LONGEST_CUT or (pattern + word).count("*") > MOST_STARS):
            message = "too much to try"
            raise WordError(message)
        if is_replacing:
            count = 0 if operator == "//" else 1
            return re.sub(make_expression(pattern, self.escape, is_greedy=True), lambda _: word, value, count=count)
        return cut(value, word, operator, self.escape) if is_cutting else value


def cut(value: str, pattern: str, operator: str, escape: str) -> str:
    """A value without the beginning (`#`) or the end (`%`) that a pattern matches; doubled, the longest one."""
    expression = re.compile(make_expression(pattern, escape, is_greedy=True))
    lengths = range(len(value) + 1)
    for length in reversed(lengths) if len(operator) > 1 else lengths:
        part = value[:length] if operator[0] == "#" else value[len(value) - length :]
        if expression.fullmatch(part):
            return value[length:] if operator[0] == "#" else value[: len(value) - length]
    return value


def make_expression(pattern: str, escape: str, *, is_greedy: bool) -> str:
    """A regular expression for a shell's pattern, whose brackets mean nothing."""
    pieces: list[str] = []
    signs = iter(pattern)
    for sign in signs:
        if sign == "*":
            pieces.append(".*" if is_greedy else ".*?")
        elif sign == "?":
            pieces.append(".")
        else:
            pieces.append(re.escape(next(signs, "") if sign == escape else sign))
    return "".join(pieces)


def split_line(line: str) -> tuple[str, ...]:
    """The words of an instruction, their quotes kept; none if a quote does not end.

    White space ends a word outside of quotes, but not behind `<<`: a heredoc's name may be apart from it.
    """
    words: list[str] = []
    word = ""
    quote = ""
    for match in ESCAPED_OR_SIGN.finditer(line):
        piece = match[0]
        if quote:
            quote = "" if piece == quote else quote
            if len(piece) > 1 and quote == "'" and piece[1] == quote:
                quote = ""  # nothing is escaped in single quotes
        elif piece in {"'", '"'}:
            quote = piece
        elif piece.isspace() and not word.endswith("<<"):
            words.append(word)
            word = ""
            continue
        word += piece
    return () if quote else tuple(written for written in (*words, word) if written)
