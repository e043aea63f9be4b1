"""merge-digests and verify-images do on the reference registry what they do on the embedded GHCR.

The same tests, collected here again with another registry. Not among them are those that need a registry to fail, to
show the past or to take an index whose children are not there: this one does none of that.
"""

# ruff: noqa: F401  # pytest collects what is imported, and finds fixtures by their names

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.commands.published import Shop
from tests.commands.test_merge_digests import (
    test_a_failing_image_does_not_keep_the_others_back,
    test_a_floating_tag_is_refused,
    test_a_missing_platform_means_no_tag,
    test_a_platform_under_a_wrong_name_is_refused,
    test_a_release_of_another_commit_is_not_replaced,
    test_a_release_of_the_same_commit_is_replaced,
    test_a_release_of_two_commits_is_not_replaced,
    test_a_release_that_does_not_say_its_commit_is_not_replaced,
    test_an_image_of_another_commit_is_not_taken_for_published,
    test_an_image_of_one_platform_is_not_wrapped,
    test_an_image_that_is_not_required_fails_as_a_warning,
    test_an_image_that_is_not_there_is_told_and_keeps_no_other_back,
    test_an_image_that_lacks_a_platform_is_not_taken_for_published,
    test_an_index_of_exactly_what_was_built_is_published,
    test_attestations_come_along,
    test_digests_of_other_packages_are_left_alone,
    test_other_exact_tags_are_replaced,
    test_the_configuration_says_what_floats,
    test_what_is_not_in_the_package_is_refused,
    test_what_the_tags_name_is_told_as_if_it_was_published_now,
)
from tests.commands.test_verify_images import (
    merged,
    test_a_child_without_platform_and_an_index_inside_are_found,
    test_a_missing_tag_and_a_tag_of_something_else_are_found,
    test_a_platform_that_is_listed_twice_is_found,
    test_an_image_of_another_platform_is_found,
    test_an_image_of_one_platform_is_right,
    test_an_image_that_is_not_required_is_a_warning,
    test_an_image_that_was_not_published_is_wrong,
    test_an_index_that_lies_about_its_children_is_found,
    test_another_commit_is_found_even_when_no_label_is_required,
    test_missing_and_strange_platforms_are_found,
    test_missing_labels_are_found,
    test_tags_that_name_different_images_are_found,
    test_what_was_merged_is_right_and_locked,
    test_without_a_digest_of_the_run_the_tag_is_taken,
)

from release_actions.images import inspection, publish

pytestmark = pytest.mark.tools("docker-registry")


@pytest.fixture
def shop(url: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An empty registry: it keeps nothing in memory, so that taking its files away is enough."""
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,))
    yield Shop(url, tmp_path, token="", environ={"RELEASE_ACTIONS_REGISTRY_URL": url})
    shutil.rmtree(folder / "data", ignore_errors=True)
