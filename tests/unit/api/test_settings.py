"""What an edge reads from the environment."""

import pytest
from pydantic import ValidationError

from api.settings import EdgeSettings, is_local

EVERYWHERE = "0.0.0.0"  # noqa: S104  it is what must not be listened on


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


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"host": EVERYWHERE}, "would listen on 0.0.0.0 with a secret made for development"),
        ({"host": "10.1.2.3"}, "DEVELOPMENT_BEYOND_LOCALHOST"),
        ({"jwt_secret": "short"}, "at least 32 characters"),
        ({"jwt_secret": "s" * 32, "auth": {"jwks_url": "https://id.example/certs"}}, "exclude each other"),
        ({"auth": {"jwks_url": "http://id.example/certs"}}, "must begin with https"),
        ({"auth": {"jwks_url": "file:///etc/passwd"}}, "must begin with https"),
        ({"proxies": ("10.0.0.1/8",)}, "names addresses or networks"),
        ({"auth": {"algorithms": ["HS256"]}}, "RS256"),
        ({"auth": {"leeway_s": 61}}, "60"),
    ],
)
def test_what_is_not_safe_does_not_start(values: dict[str, object], sentence: str) -> None:
    """With a sentence that says what to set; no secret is in it."""
    with pytest.raises(ValidationError, match=sentence) as caught:
        EdgeSettings.model_validate(values)
    assert "ssss" not in str(caught.value.errors(include_input=False, include_url=False))


@pytest.mark.parametrize(
    ("values", "development"),
    [
        ({}, True),
        ({"host": "::1"}, True),
        ({"host": EVERYWHERE, "auth": {"development_beyond_localhost": True}}, True),
        ({"host": EVERYWHERE, "jwt_secret": "s" * 32}, False),
        ({"host": EVERYWHERE, "auth": {"jwks_url": "https://id.example/certs"}}, False),
        ({"auth": {"jwks_url": "http://127.0.0.1:1/certs"}}, False),
    ],
)
def test_what_is_safe_starts(values: dict[str, object], *, development: bool) -> None:
    """On this machine without any setting, beyond it with keys or an own secret, or when somebody says so."""
    assert EdgeSettings.model_validate(values).development is development


def test_this_machine_is_known() -> None:
    """By name and by address."""
    assert [is_local(host) for host in ("localhost", "127.0.0.1", "::1", EVERYWHERE, "::", "example.com", "")] == [True] * 3 + [False] * 4
