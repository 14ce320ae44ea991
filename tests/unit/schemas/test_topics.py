"""Keys of `task-state` split in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import epoch_key, escape, offset_key, row_key, split_key, unescape

ids = st.text(min_size=1, max_size=20)


@given(project_id=ids, row_id=ids)
def test_a_key_splits_into_what_made_it(project_id: str, row_id: str) -> None:
    """Slashes and percent signs inside ids do no harm."""
    assert split_key(row_key("task", project_id, row_id)) == ("task", project_id, row_id)


@pytest.mark.parametrize(("key", "expected"), [(offset_key(3), ("offset", "", "3")), (epoch_key(0), ("epoch", "", "0"))])
def test_rows_of_a_partition_have_no_project(key: bytes, expected: tuple[str, str, str]) -> None:
    """The key names the partition instead."""
    assert split_key(key) == expected


@pytest.mark.parametrize(("text", "escaped"), [("plain", "plain"), ("a/b", "a%2Fb"), ("50%", "50%25"), ("%2F", "%252F")])
def test_only_slash_and_percent_are_encoded(text: str, escaped: str) -> None:
    """Encoding is undone by unescape."""
    assert escape(text) == escaped
    assert unescape(escaped) == text


def test_keys_of_different_rows_differ() -> None:
    """A slash in the project and one in the id are not the same."""
    assert row_key("task", "a/b", "c") != row_key("task", "a", "b/c")
