"""The worker's settings come from the environment, frozen and with the design's flag."""

import pytest
from pydantic import ValidationError

from streams.settings import WorkerSettings


def test_the_environment_is_read_nested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names start with ANABRANCH_; parts are joined by two underscores."""
    monkeypatch.setenv("ANABRANCH_KAFKA__BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("ANABRANCH_TIMES__WINDOW_MS", "250")
    settings = WorkerSettings()
    assert settings.kafka.bootstrap == "kafka:9092"
    assert settings.times.window_ms == 250


@pytest.mark.parametrize(("text", "value"), [("false", False), ("true", True)])
def test_the_flag_keeps_its_name(monkeypatch: pytest.MonkeyPatch, text: str, *, value: bool) -> None:
    """FEATURE_AI_BATCH has no prefix, as in the design."""
    monkeypatch.setenv("FEATURE_AI_BATCH", text)
    assert WorkerSettings().feature_ai_batch is value


def test_settings_cannot_change() -> None:
    """What a process was told holds for its life."""
    settings = WorkerSettings()
    with pytest.raises(ValidationError):
        settings.application_id = "other"
