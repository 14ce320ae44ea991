"""All settings of an edge: `ANABRANCH_…` in the environment, `__` between the levels."""

from pathlib import Path
from typing import Final

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.protocol.limits import Limits
from broker.connection import KafkaSettings

_BUILT: Final = Path(__file__).resolve().parent.parent / "web" / "dist"


class HttpLimits(BaseModel):
    """Bounds of the HTTP side. Bytes, counts, seconds."""

    model_config = ConfigDict(frozen=True)

    body_bytes: int = 8 * 1024 * 1024
    changes_per_call: int = 5_000
    page_tasks: int = 1_000
    position_wait_s: float = 5.0
    ack_timeout_s: float = 10.0
    goodbye_s: float = 1.0
    poll_wait_s: float = 30.0
    poll_streams: int = 500


class TailSettings(BaseModel):
    """How `task-state` and `cascades` are read. A frame older than `back_s` at the start is not replayed."""

    model_config = ConfigDict(frozen=True)

    back_s: int = 300
    fetch_wait_ms: int = 10
    stale_after_s: float = 5.0
    probe_s: float = 1.0


class EdgeSettings(BaseSettings):
    """One edge. Port 0 takes a free one. origins: pages that may call, beside the edge's own. data: where the secret is kept."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="ANABRANCH_", env_nested_delimiter="__", populate_by_name=True, extra="ignore"
    )

    kafka: KafkaSettings = KafkaSettings()
    host: str = "127.0.0.1"
    port: int = Field(default=8400, ge=0, le=65_535)
    private_host: str = "127.0.0.1"
    private_port: int = Field(default=0, ge=0, le=65_535)
    data: Path = Path(".anabranch")
    jwt_secret: SecretStr | None = None
    origins: tuple[str, ...] = ()
    web_dir: Path = _BUILT
    feature_bulk_api: bool = Field(default=True, validation_alias=AliasChoices("feature_bulk_api", "FEATURE_BULK_API"))
    feature_ws_cascade: bool = Field(default=True, validation_alias=AliasChoices("feature_ws_cascade", "FEATURE_WS_CASCADE"))
    limits: Limits = Limits()
    http: HttpLimits = HttpLimits()
    tail: TailSettings = TailSettings()
