"""The forms in which notes list a change: GitHub's, and those of other tools and projects.

    * Fix it by @ada in https://github.com/acme/web/pull/7      1. Fix it by @ada_corp in #7
    - Fix it ([#7](…), [@ada](…) and [@bob](…)) [SIG Node]      * Fix it (#7, @ada)
    * Fix it @ada (#7)                                          * Fix it (#7) @ada
    * Fix it ([@ada](…) in [#7](…))                             * Fix it. PR [#7](…) by [@ada](…).
    * [#7] Fix it                                               * #7: Fix it - @ada
    * **scope:** Fix it ([#7](…)) ([0123abc](…)), closes #8     - [#7](…) [`0123abc`](…) Thanks [@ada](…)! - Fix it

What is in none of them is text. A title is never made up from half a line. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]|\\?_(?=[A-Za-z0-9]))*(?:\[bot\]|\\\[bot\\\])?"
"""An account. Those that an enterprise manages have its name behind a `_`."""

MARK = r"\s*(?:[*+-]|[0-9]{1,9}[.)])\s+(?:\[[ xX]\]\s+)?"
"""What an item of a list begins with."""

TITLE = r"(?P<title>\S.*?)"
ADDRESS = r"https?://[^\s()\[\]]+/(?:pull|issues)/[0-9]{1,9}"
NUMBER = (
    rf"(?:\[(?:[\w-]+/[\w.-]+)?#[0-9]{{1,9}}\](?:\([^()\s]+\))?|\[[0-9]{{1,9}}\]\({ADDRESS}\)"
    rf"|(?:[\w-]+/[\w.-]+)?#[0-9]{{1,9}}|{ADDRESS})"
)
"""A number of a pull request, as it is, in brackets, as a link or as an address."""

WHERE = rf"(?P<where>{NUMBER})(?:(?:,\s*|\s+and\s+|\s*&\s*|\s*)(?:PR\s+)?{NUMBER}){{0,12}}"
SHA = r"(?:\[`?[0-9a-f]{7,40}`?\]\([^()\s]+\)|`?[0-9a-f]{7,40}`?)"
ACCOUNT = r"\(https?://[^\s()/]+/(?:apps/)?[^\s()/]+/?\)"
TARGET = r"(?:\([^()\s]*\)|\[[^\[\]]*\])?"
"""Where a link leads, or the label that says it elsewhere: `[@ada](…)`, `[@ada][1]`, `[@ada]`."""

PERSON = rf"(?:\[@{LOGIN}\]{TARGET}|\[{LOGIN}\]{ACCOUNT}|@{LOGIN})"
WHO = (
    rf"(?P<who>(?:\[@(?P<login>{LOGIN})\]{TARGET}|\[(?P<account>{LOGIN})\]{ACCOUNT}|@(?P<other>{LOGIN}))"
    rf"(?:(?:,\s*(?:and\s+)?|\s+and\s+|\s*&\s*|\s+)(?:{PERSON}|{NUMBER})){{0,12}})"
)
DASH = r"\s+[-\u2013\u2014|]\s+"
OPEN = r"(?:\s+\(|\((?=\[))"
"""What begins the parentheses behind a title: a blank before them may be missing where a link follows."""

END = r"[^\w()\[\]@#`*<>]*"
"""A full stop, or an emoji that ends what one began."""

CLOSES = r"(?:,?\s+(?:closes|fixes|resolves|refs)\b.*)?"
TAGS = r"(?:\s*\[[^\[\]]*\])*"

CREDITED = re.compile(
    rf"{MARK}(?P<title>\S.*)\s+by\s+(?P<who>\[?@(?P<login>{LOGIN}).*?|\S.*?)\s+in\s+(?P<where>commit\s+\S+|\S+)\s*"
)
"""GitHub's generated line, `* title by @login in address`, and the same of a commit."""

FORMS = tuple(
    re.compile(MARK + form)
    for form in (
        # In one pair of parentheses: `(#7, @ada)`, `([#7](…) by [ada](…))`, `(@ada, #7)`, `([@ada](…) in [#7](…))`
        rf"{TITLE}{OPEN}{WHERE}(?:,\s*|\s+by\s+|\s+)(?:by\s+|thanks(?:\s+to)?\s+)?{WHO}\){TAGS}{END}",
        rf"{TITLE}{OPEN}(?:by\s+|thanks(?:\s+to)?\s+)?{WHO}(?:,\s+|\s+in\s+|\s+)(?:in\s+)?{WHERE}\){TAGS}{END}",
        # The number, then who: `(#7) @ada`, `(#7) by @ada`, `#7 by @ada`, `(#7) - @ada`, `(#7) (@ada)`, `PR #7 by @ada`
        rf"{TITLE}\s+(?:PR\s+)?[(\[]?{WHERE}[)\]]?(?:,\s+|{DASH}|\s+)(?:by\s+|thanks(?:\s+to)?\s+|via\s+)?\(?{WHO}\)?{TAGS}{END}",
        # Who, then the number: `@ada (#7)`, `by @ada (#7)`, `by @ada in #7`, `(@ada) #7`, `- @ada - #7`
        rf"{TITLE}(?:,\s+|{DASH}|\s+)(?:by\s+|thanks(?:\s+to)?\s+)?\(?{WHO}\)?(?:,\s+|{DASH}|\s+)(?:in\s+|via\s+)?(?:PR\s+)?[(\[]?{WHERE}[)\]]?{TAGS}{END}",
        # Changesets: `[#7](…) [`0123abc`](…) Thanks [@ada](…)! - Fix it`
        rf"{WHERE}\s+(?:{SHA}\s+)?Thanks\s+{WHO}!?{DASH}(?P<title>\S.*)",
        # The number first, who last: `#7: Fix it - @ada`, `[#7](…) Fix it ([@ada](…))`
        rf"(?:{SHA}:?\s+)?\**{WHERE}\**(?:\s*[:.]\s+|{DASH}|\s+){TITLE}(?:{DASH}|,?\s+)(?:by\s+)?\(?{WHO}\)?{END}",
    )
)
"""Lines that say who: most of them also name the account."""

NAMED = tuple(
    re.compile(MARK + form)
    for form in (
        # A person without a mark: `(#7) by ada`, `(#7) by Ada Lovelace`
        rf"{TITLE}\s+\({WHERE}\)\s+by\s+(?P<who>[^\W\d_][\w.'-]*(?:\s[^\W\d_][\w.'-]*){{0,3}}){END}",
    )
)

UNCREDITED = tuple(
    re.compile(MARK + form)
    for form in (
        # release-please: `**scope:** Fix it ([#7](…)) ([0123abc](…)), closes [#8](…)`
        rf"{TITLE}\s+\({WHERE}\)\s+\({SHA}\){CLOSES}",
        # `Fix it (#7)`, `Fix it [#7]`, `Fix it [#7](…)`, and goreleaser's `0123abc Fix it (#7)`
        rf"(?:{SHA}:?\s+)?{TITLE}{OPEN}{WHERE}\){CLOSES}{END}",
        # With a sentence behind it: `Fix it (#7): It waits no more.`
        rf"{TITLE}\s+\({WHERE}\):\s+\S.*",
        rf"(?:{SHA}:?\s+)?{TITLE}\s+(?=\[){WHERE}{CLOSES}{END}",
        # `[#7] Fix it`, `[#7](…): Fix it`, `#7 - Fix it`
        rf"(?:{SHA}:?\s+)?\**(?=\[|#[0-9]+\s*[:\u2013\u2014-]){WHERE}\**(?:\s*[:.]\s+|{DASH}|\s+)(?P<title>\S.*)",
    )
)
"""Lines that say no more than a number: some may be a sentence."""


@dataclass(frozen=True)
class ChangeMatch:
    """What a line says of a change. `who` is where it says by whom, (0, 0) for a line that does not."""

    title: str
    login: str
    where: str
    who: tuple[int, int] = (0, 0)


def match_change(text: str) -> ChangeMatch | None:
    """The change that a line lists; None for a line in no known form."""
    if match := CREDITED.fullmatch(text):
        who = match["who"].strip("`")
        login = match["login"] or (who[1:] if re.fullmatch(f"@{LOGIN}", who) else "")
        return ChangeMatch(match["title"], _clean(login), match["where"], match.span("who"))
    if not re.search(r"#[0-9]|/(?:pull|issues)/[0-9]", text):
        return None
    for form in (*FORMS, *NAMED, *UNCREDITED):
        match = form.fullmatch(text)
        if match:
            named = match.groupdict()
            login = next((named[group] for group in ("login", "account", "other") if named.get(group)), "")
            span = match.span("who") if named.get("who") else (0, 0)
            return ChangeMatch(match["title"], _clean(login), match["where"], span)
    return None


def _clean(login: str) -> str:
    return login.replace("\\", "")
