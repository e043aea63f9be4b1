"""The tests of `test_provenance_published.py` with cosign in place of gh.

No test of the suite, since cosign takes seven minutes of a processor to compile. The nightly workflow runs it:
`./release-actions test tests/images/against_cosign.py`.
"""

from __future__ import annotations

import pytest
from tests.images.test_provenance_published import (  # noqa: F401  # pytest takes them from here
    published,
    test_a_bundle_whose_log_entry_or_payload_was_changed_is_not_believed,
    test_a_published_bundle_is_not_believed_under_a_root_of_our_own,
    test_another_artifact_and_another_name_are_not_proved,
    test_what_a_reusable_workflow_attested_is_proved,
    test_what_another_issuer_vouches_for_is_not_proved,
    test_what_is_asked_otherwise_is_not_proved,
    verify,
)

pytestmark = pytest.mark.tools("cosign", "go", "openssl")


@pytest.fixture
def program() -> str:
    return "cosign"
