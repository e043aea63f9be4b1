"""What a shell's text does to variables: which it sets plainly, and what else may change one. Nothing is run.

A variable has a known value only where every run of the text gives it the same one. What is only run in some runs, in a
shell of its own or later is no assignment of that kind. The grammar is the POSIX shell's (Shell Command Language,
section 2.9) and what Bash adds to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import NoReturn

from release_actions.builds.shell_effects import Effects, SimpleCommand
from release_actions.builds.shell_events import Assignment, Event
from release_actions.builds.shell_words import CHANGING_ARITHMETIC, NAME, ShellTextError, Word, WordReader

REDIRECTION = re.compile(
    r"(?:\d+|\{(?P<name>[A-Za-z_]\w*)\})?(?P<sign><<<|<<-|&>>|<<|>>|<&|>&|<>|>\||&>|<(?!\()|>(?!\())"
)
ELEMENT = re.compile(r"[A-Za-z_]\w*\[", re.ASCII)
"""How the name of an array's element begins."""

TEST_END = re.compile(r"(?<=[\s)])\]\](?=[\s;&|)<>]|$)")
COMPOUND = frozenset({"{", "if", "while", "until", "for", "select", "case", "function", "coproc"})
CLOSERS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}", "in"})
OPERATORS = re.compile(r"&&|\|\||\|&|;;&|;;|;&|[&|;()\n]")
AMONG_OTHERS = frozenset({"&&", "||", "|", "|&"})


def read_events(text: str) -> tuple[Event, ...]:
    """What a text does, in order. Raises `ShellTextError` for one that no shell reads to its end."""
    reader = CommandReader(text)
    try:
        reader.read_commands(frozenset())
    except RecursionError as error:  # another nesting than what is counted
        message = "The text is nested too deep."
        raise ShellTextError(message, reader.line) from error
    return tuple(reader.events)


class CommandReader(WordReader):
    """Reads commands and notes what they change."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.effects = Effects(self.events)

    def skip_commands(self, closer: str) -> None:
        """Read the commands of a substitution up to its end. They change no variable of this shell."""
        self.read_apart(closer, "in a shell of its own")

    def read_apart(self, closer: str, condition: str) -> None:
        """Read commands that this shell does not run itself, or not now."""
        start = len(self.events)
        self.read_commands(frozenset({closer}))
        self.set_apart(start, condition)

    def set_apart(self, start: int, condition: str) -> None:
        """Keep only which variables are set, and when, of the events from `start` on."""
        self.events[start:] = [
            replace(event, condition=condition, is_apart=True)
            for event in self.events[start:]
            if isinstance(event, Assignment)
        ]

    def read_commands(self, until: Collection[str]) -> str:
        """Read commands up to one of the words or signs that end them, which is returned; without any, to the end."""
        begin = self.at
        self.enter()
        while True:
            self.skip_lines()
            closer = self.read_closer(until)
            if closer or not self.peek():
                break
            is_ended = self.read_pipeline()
            self.skip_blanks()
            # A brace may follow a parenthesis at once.
            is_closed = self.peek() == "}" and self.text[self.at - 1] == ")"
            if not is_ended and not is_closed and self.peek() not in {"", "\n", ";", ")", "&"}:
                self.refuse_rest(self.at)
        if until and not closer:
            self.refuse(f"What begins here has no end: {' or '.join(sorted(until))} is missing.", begin)
        self.depth -= 1
        return closer

    def skip_lines(self) -> None:
        """Skip blanks, comments and ends of lines."""
        self.skip_blanks()
        while self.peek() == "\n":
            self.skip_newline()
            self.skip_blanks()

    def read_closer(self, until: Collection[str]) -> str:
        """The word or sign that ends a list of commands, if it is next; else nothing is read."""
        for closer in sorted(until, key=len, reverse=True):
            is_sign = not closer[0].isalpha() and closer != "}"
            if self.text.startswith(closer, self.at) and (is_sign or self.is_whole_word(closer)):
                self.at += len(closer)
                return closer
        return ""

    def is_whole_word(self, word: str) -> bool:
        """Whether a word is next, and nothing joins it."""
        after = self.text[self.at + len(word) : self.at + len(word) + 1]
        return self.text.startswith(word, self.at) and (not after or after in " \t\n;&|<>()")

    def refuse_rest(self, at: int) -> NoReturn:
        """Raise an error about what follows."""
        written = self.text[at:].partition("\n")[0].strip()[:20]
        self.refuse(f"The text is not understood from {written!r} on.", at)

    def read_pipeline(self) -> bool:
        """Read commands that `&&`, `||` and `|` join. Whether `;` or `&` followed and was read."""
        start, condition = len(self.events), ""
        while True:
            while self.is_whole_word("!") or self.is_whole_word("time"):
                condition = "in some runs only"
                self.at += 1 if self.peek() == "!" else len("time")
                self.skip_blanks()
            self.read_command()
            self.skip_blanks()
            operator = OPERATORS.match(self.text, self.at)
            if not operator or operator[0] not in AMONG_OTHERS:
                break
            condition = "in some runs only"
            self.at = operator.end()
            self.skip_lines()
        if operator and operator[0] == "&":
            condition = "in a shell of its own"
        is_ended = bool(operator and operator[0] in {"&", ";"})
        if operator and is_ended:
            self.at = operator.end()
        if condition:
            self.condition(start, condition)
        return is_ended

    def condition(self, start: int, condition: str) -> None:
        """Note of the assignments from `start` on when they are made."""
        self.events[start:] = [
            replace(event, condition=event.condition or condition) if isinstance(event, Assignment) else event
            for event in self.events[start:]
        ]

    def read_command(self) -> None:
        """Read one command, simple or compound."""
        start = len(self.events)
        if self.text.startswith("((", self.at) and (end := self.find_arithmetic_end(self.at + 2)):
            self.note_arithmetic(self.at, end)
            self.at = end
        elif self.peek() == "(":
            self.at += 1
            self.read_apart(")", "in a shell of its own")
        elif self.is_whole_word("[["):
            self.skip_test()
        elif not self.read_compound():
            self.read_simple()
            return
        self.skip_blanks()
        while self.read_redirection():
            self.skip_blanks()
        self.condition(start, "in some runs only")

    def read_compound(self) -> bool:
        """Read a command that has commands in it, if one is next."""
        word = NAME.match(self.text, self.at)
        name = word[0] if word and self.is_whole_word(word[0]) else "{" if self.is_whole_word("{") else ""
        if name not in COMPOUND:
            if name in CLOSERS or self.is_whole_word("}"):
                self.refuse_rest(self.at)
            return False
        begin = self.at
        self.at += len(name)
        self.skip_blanks()
        match name:
            case "{":
                self.read_commands({"}"})
            case "if":
                self.read_branches()
            case "while" | "until":
                self.read_commands({"do"})
                self.read_commands({"done"})
            case "for" | "select":
                self.read_loop()
            case "case":
                self.read_case()
            case "function":
                self.read_function(self.read_word())
            case _:
                self.touch("", begin, self.at)
                self.read_command()
        return True

    def read_branches(self) -> None:
        """Read the branches after `if`."""
        closer = "elif"
        while closer == "elif":
            self.read_commands({"then"})
            closer = self.read_commands({"elif", "else", "fi"})
        if closer == "else":
            self.read_commands({"fi"})

    def read_loop(self) -> None:
        """Read a loop over words, or over numbers."""
        if self.text.startswith("((", self.at):
            end = self.find_arithmetic_end(self.at + 2)
            if not end:
                self.refuse("The loop is not understood.", self.at)
            self.note_arithmetic(self.at, end)
            self.at = end
        else:
            begin, word = self.at, self.read_word()
            self.skip_lines()
            if self.is_whole_word("in"):
                self.at += len("in")
                self.skip_blanks()
                while self.peek() and self.peek() not in ";\n":
                    self.read_word_or_fail()
                    self.skip_blanks()
            self.touch(word.raw, begin, self.at)
        if self.peek() == ";":
            self.at += 1
        self.skip_lines()
        opener = self.read_closer({"do", "{"})
        if not opener:
            self.refuse("The loop has no 'do'.", self.at)
        self.read_commands({"done" if opener == "do" else "}"})

    def read_case(self) -> None:
        """Read the branches of a word's cases."""
        begin = self.at
        self.read_word_or_fail()
        self.skip_lines()
        if not self.read_closer({"in"}):
            self.refuse("The case has no 'in'.", self.at)
        while True:
            self.skip_lines()
            if self.read_closer({"esac"}):
                return
            if not self.peek():
                self.refuse("The case has no 'esac'.", begin)
            self.at += self.peek() == "("
            while self.peek() != ")":
                self.skip_blanks()
                self.at += self.peek() == "|"
                self.skip_blanks()
                if self.peek() != ")":
                    self.read_word_or_fail()
                    self.skip_blanks()
            self.at += 1
            if self.read_commands({";;&", ";;", ";&", "esac"}) == "esac":
                return

    def read_word_or_fail(self) -> Word:
        """The word that has to be next."""
        begin, word = self.at, self.read_word()
        if self.at == begin:
            self.refuse_rest(begin)
        return word

    def read_function(self, word: Word) -> None:
        """Read a function. What is in it happens when it is called, and then it may change everything."""
        name = word.value
        self.skip_blanks()
        if self.peek() == "(":
            self.at += 1
            self.skip_blanks()
            if self.peek() != ")":
                self.refuse_rest(self.at)
            self.at += 1
        self.skip_lines()
        start = len(self.events)
        self.read_command()
        self.set_apart(start, f"in the function {name} only")
        self.effects.add_function(name, word.line)

    def skip_test(self) -> None:
        """Skip `[[ … ]]`."""
        begin = self.at
        self.at += 2
        while not (self.text.startswith("]]", self.at) and self.text[self.at - 1] in " \t\n)"):
            if not self.peek():
                self.refuse("The test [[ has no end.", begin)
            if self.peek() in " \t\n;&|()<>" and not self.is_process():
                self.at += 1
            elif not self.skip_continuation():
                self.read_piece()
        self.at += 2
        written = self.text[begin : self.at]
        if re.search(r"-(?:eq|ne|lt|le|gt|ge|v)\b", written) and (
            "[" in written[2:] or CHANGING_ARITHMETIC.search(written)
        ):
            self.touch("", begin, self.at)

    def read_redirection(self) -> bool:
        """Read a redirection, if one is next."""
        match = REDIRECTION.match(self.text, self.at)
        if match is None:
            return False
        begin = self.at
        self.at = match.end()
        self.skip_blanks()
        word = self.read_word_or_fail()
        if match["name"]:
            self.touch(match["name"], begin, self.at)
        if match["sign"] in {"<<", "<<-"}:
            is_quoted = any(sign in word.raw for sign in "'\"\\")
            self.heredocs.append((word.value if is_quoted else word.raw, match["sign"] == "<<-", not is_quoted))
        return True

    def read_simple(self) -> None:
        """Read a simple command: assignments, then words, with redirections among them."""
        begin = self.at
        given: list[Word] = []
        words: list[Word] = []
        is_redirected = False
        while (sign := self.peek()) and (sign not in "\n;&|)" or self.text.startswith("&>", self.at)):
            if self.read_redirection():
                is_redirected = True
            elif sign == "(" and len(words) == 1 and not given:
                self.read_function(words[0])
                return
            else:
                word_at, word = self.at, self.read_word_or_fail()
                if not words and not word.key and ELEMENT.match(word.raw):
                    # Before the command's name a shell reads on to the bracket's end, over blanks and lines.
                    self.refuse("The index [ of an array is not understood.", word_at)
                (given if word.key and not words else words).append(word)
            self.skip_blanks()
        if self.at == begin:
            self.refuse_rest(begin)
        condition = f"for the command {words[0].raw} only" if words else "if its file can be opened" * is_redirected
        for word in given:
            self.effects.assign(word, condition)
        start = len(self.events)
        if words:
            self.effects.note_command(SimpleCommand(tuple(words), self.text[begin : self.at].strip(), begin))
        if is_redirected:
            self.condition(start, condition)
