"""What a step changed is one table: what several packages share is one row, and nothing of it is lost."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from release_actions.rehearsal.change_table import format_changes
from release_actions.rehearsal.record import TagChange

PACKAGES = tuple(f"o/{name}" for name in "abcdefg")


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def signature(package: str, number: int, image: str, why: str = "") -> TagChange:
    return TagChange(package, f"sha256-{number:064x}.sig", "", digest(number + 1000), "", f"signature of {image}", why)


def render(changes: list[TagChange]) -> str:
    return "\n".join(format_changes(changes))


def list_rows(text: str) -> list[list[str]]:
    lines = [line for line in text.split("\n") if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_signatures_of_seven_packages_are_one_row() -> None:
    changes = [signature(package, number, "v1") for number, package in enumerate(PACKAGES)]

    text = render(changes)

    assert list_rows(text) == [["7 packages", "`sha256-….sig`", "none", "signature of v1", ""]]
    assert "7 packages: o/a, o/b, o/c, o/d, o/e, o/f, o/g." in text
    assert all(f"* {package}: `{change.tag}`" in text for package, change in zip(PACKAGES, changes, strict=True))


def test_two_sets_of_as_many_packages_have_two_names() -> None:
    changes = [TagChange(package, "v1", "", digest(1), "", "v1", "") for package in PACKAGES[:3]]
    changes += [TagChange(package, "v2", "", digest(2), "", "v2", "") for package in PACKAGES[4:]]

    text = render(changes)

    assert [row[0] for row in list_rows(text)] == ["3 packages", "3 packages (2)"]
    assert "3 packages: o/a, o/b, o/c.\n" in text
    assert "3 packages (2): o/e, o/f, o/g.\n" in text


def test_a_change_of_one_package_names_its_digests() -> None:
    text = render([TagChange("o/a", "latest", digest(1), digest(2), "v1", "v2", "moved")])

    assert list_rows(text) == [["o/a", "`latest`", "`000000000000` v1", "`000000000000` v2", "moved"]]


CHANGES = st.lists(
    st.builds(
        lambda package, tag, before, after, why: (
            signature(package, PACKAGES.index(package) * 10 + after, f"v{after}", why)
            if tag == "sig"
            else TagChange(package, tag, "", digest(before), "", f"v{after}", why)
        ),
        st.sampled_from(PACKAGES),
        st.sampled_from(["latest", "v1", "sig"]),
        st.integers(1, 9),
        st.integers(1, 2),
        st.sampled_from(["", "moved"]),
    ),
    min_size=1,
    max_size=20,
    unique=True,
)


@given(CHANGES)
def test_no_two_rows_differ_only_in_their_packages(changes: list[TagChange]) -> None:
    text = render(changes)

    repeated = Counter(tuple(re.sub(r"`\w{12}` ", "", cell) for cell in row[1:]) for row in list_rows(text))
    assert max(repeated.values()) == 1
    assert all(change.package in text for change in changes)
    assert all(change.tag in text for change in changes)
