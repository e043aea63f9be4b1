"""The example pages are what the browser is shown: three states, of which one is a go."""

from __future__ import annotations

import example_pages


def test_the_states_are_early_blocked_and_go() -> None:
    pages = example_pages.make_states()

    answers = {name: page.partition("<strong>")[2].partition("</strong>")[0] for name, page in pages.items()}
    assert answers == {"early": "No-go", "blocked": "No-go", "go": "Go"}


def test_a_large_release_has_hundreds_of_findings_on_its_page() -> None:
    assert example_pages.make_states()["blocked"].count("<tr data-of=") > example_pages.MANY
