"""The table of docs/images.md: which action understands what people's images need, each cell held by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "images.md"
ACTIONS = (
    "validate-tag",
    "build-matrix",
    "merge-digests",
    "verify-images",
    "judge-images",
    "protect-latest",
    "rc-teardown",
    "ghcr-cleanup",
    "release-notes",
    "promote",
    "rehearse",
)
REFUSED = "refused: "

CELLS: dict[str, tuple[str, ...]] = {
    "`image-tag`": (
        "test_image_tag:test_validate_tag_says_the_image_tag_and_sees_what_is_published",
        "test_image_tag:test_a_release_is_published_without_the_prefix_and_floats_follow",
        "test_image_tag:test_the_tag_of_another_release_is_not_replaced",
        "test_image_tag:test_a_release_is_published_without_the_prefix_and_floats_follow",
        "test_flavours:test_judge_images_keeps_the_flavours_apart",
        "test_image_tag:test_a_release_is_published_without_the_prefix_and_floats_follow",
        "test_image_tag:test_a_teardown_removes_the_images_of_a_candidate_and_nothing_else",
        "test_image_tag:test_a_clean_up_ranks_releases_by_version",
        "test_image_tag:test_notes_that_name_the_git_tag_of_an_image_are_corrected",
        "refused: test_image_tag:test_promote_refuses_a_template_in_words",
        "refused: test_image_tag:test_a_rehearsal_refuses_a_template_in_words",
    ),
    "builds beside releases": (
        "test_channel_tags:test_a_tag_is_judged_by_releases_alone",
        "test_channel_tags:test_a_build_has_the_tags_of_its_occasions",
        "test_channel_tags:test_a_build_may_not_take_a_floating_tag_of_the_releases",
        "test_channel_tags:test_latest_beside_releases_is_decided_by_version_order_alone",
        "test_channel_tags:test_latest_beside_releases_is_decided_by_version_order_alone",
        "test_channel_tags:test_latest_beside_releases_is_decided_by_version_order_alone",
        "test_channel_tags:test_a_teardown_leaves_builds_where_they_are",
        "test_channel_tags:test_a_clean_up_of_builds_spares_releases_and_floating_tags",
        "",
        "",
        "refused: test_channel_tags:test_a_rehearsal_refuses_chosen_tags_in_words",
    ),
    "flavours": (
        "test_flavours:test_validate_tag_names_the_tag_of_each_flavour_and_sees_all_published",
        "test_flavours:test_each_flavour_is_built_from_its_own_dockerfile_under_its_own_tags",
        "test_flavours:test_floats_of_each_flavour_follow_its_own_images",
        "test_flavours:test_floats_of_each_flavour_follow_its_own_images",
        "test_flavours:test_judge_images_keeps_the_flavours_apart",
        "test_flavours:test_a_release_that_lacks_a_flavour_moves_no_flavour",
        "test_flavours:test_a_teardown_takes_every_flavour_of_a_candidate",
        "test_flavours:test_a_clean_up_ranks_each_flavour_for_itself",
        "test_flavours:test_notes_may_name_every_flavour",
        "refused: test_flavours:test_promote_refuses_flavours_in_words",
        "refused: test_flavours:test_a_rehearsal_refuses_flavours_in_words",
    ),
    "destinations": (
        "test_destinations:test_a_run_that_ends_between_two_destinations_is_finished_by_the_next",
        "test_destinations:test_an_image_is_built_once_and_planned_for_every_destination",
        "test_destinations:test_one_digest_has_the_exact_tag_everywhere_and_floats_follow_in_each",
        "test_destinations:test_a_lost_part_of_a_destination_is_seen_and_stops_the_floating_tags",
        "test_destinations:test_judge_images_lets_no_destination_go_ahead_of_another",
        "test_destinations:test_one_digest_has_the_exact_tag_everywhere_and_floats_follow_in_each",
        "test_destinations:test_a_teardown_removes_a_candidate_where_github_does_and_says_where_not",
        "test_destinations:test_a_clean_up_deletes_where_github_does_and_says_where_not",
        "test_destinations:test_notes_may_name_every_destination",
        "test_promote:test_a_candidate_is_promoted_in_every_destination",
        "refused: test_destinations:test_a_rehearsal_refuses_destinations_in_words",
    ),
}
"""Need -> for each action the test that shows it understood or refused; nothing where the action does not meet it."""


def make_table() -> str:
    """The table as the page has it."""
    words = {True: "refused", False: "yes"}
    rows = [
        f"| {action} | "
        + " | ".join(words[cells[i].startswith(REFUSED)] if cells[i] else "not concerned" for cells in CELLS.values())
        + " |"
        for i, action in enumerate(ACTIONS)
    ]
    head = f"| Action | {' | '.join(CELLS)} |\n| --- |{' --- |' * len(CELLS)}"
    return "\n".join((head, *rows))


def test_the_page_has_the_table_of_the_tests() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"<!-- needs: tested by .* -->\n\n(.*?)\n\n<!-- needs: end -->", text, re.DOTALL)

    assert found is not None
    assert found[1] == make_table()


@pytest.mark.parametrize("need", CELLS)
def test_every_cell_is_held_by_a_test_that_exists(need: str) -> None:
    for cell in filter(None, CELLS[need]):
        module, name = cell.removeprefix(REFUSED).split(":")

        assert f"def {name}(" in (HERE / f"{module}.py").read_text(encoding="utf-8"), cell
