"""What an edge reads from the environment."""

import pytest

from api.settings import EdgeSettings


@pytest.mark.parametrize(("text", "value"), [("false", False), ("0", False), ("true", True), ("1", True)])
@pytest.mark.parametrize("name", ["FEATURE_BULK_API", "FEATURE_WS_CASCADE"])
def test_flags_have_the_names_of_the_design(monkeypatch: pytest.MonkeyPatch, name: str, text: str, *, value: bool) -> None:
    """No prefix; each is its own."""
    monkeypatch.setenv(name, text)
    settings = EdgeSettings()
    found = {"FEATURE_BULK_API": settings.feature_bulk_api, "FEATURE_WS_CASCADE": settings.feature_ws_cascade}
    assert found == {"FEATURE_BULK_API": True, "FEATURE_WS_CASCADE": True} | {name: value}


def test_flags_are_on_by_default() -> None:
    """A new system has nothing to migrate from."""
    assert (EdgeSettings().feature_bulk_api, EdgeSettings().feature_ws_cascade) == (True, True)
