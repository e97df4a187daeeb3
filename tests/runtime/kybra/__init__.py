"""What the tests of Kybra's README share: the document, its blocks, canisters to call."""

import pytest

pytest.register_assert_rewrite("tests.runtime.kybra.cases")
