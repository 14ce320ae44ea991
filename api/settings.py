"""All settings of an edge: `ANABRANCH_…` in the environment, `__` between the levels."""

import ipaddress
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.protocol.limits import Limits
from broker.connection import KafkaSettings

_MIN_SECRET: Final = 32
_BUILT: Final = Path(__file__).resolve().parent.parent / "web" / "dist"


class HttpLimits(BaseModel):
    """Bounds of the HTTP side. Bytes, counts, seconds. quota_store: where calls are counted; `async+redis://…` for several edges.

    stranger_tries: what one address may try without being signed in (no or a bad token, a foreign page, a login code), WebSockets too.
    head_s, body_s: how long a request's head and its body may take to come; a body gets a second more for each 16 KiB that came.
    idle_connections: how many may wait for their next request at once on a port; above that the oldest are closed.
    """

    model_config = ConfigDict(frozen=True)

    body_bytes: int = 8 * 1024 * 1024
    body_s: float = Field(default=30.0, gt=0)
    head_bytes: int = Field(default=65_536, ge=1)
    head_s: float = Field(default=10.0, gt=0)
    idle_connections: int = Field(default=4_096, ge=1)
    changes_per_call: int = 5_000
    page_tasks: int = 1_000
    page_rows: int = 10_000
    position_wait_s: float = 5.0
    ack_timeout_s: float = 10.0
    decision_wait_s: float = 30.0
    goodbye_s: float = 1.0
    poll_wait_s: float = 30.0
    poll_streams: int = 500
    bulk_calls: int = Field(default=10, ge=1)
    bulk_window_s: int = Field(default=60, ge=1)
    stranger_tries: int = Field(default=60, ge=1)
    stranger_window_s: int = Field(default=60, ge=1)
    quota_store: SecretStr = SecretStr("async+memory://")
    compress_bytes: int = 1024
    mcp_sessions: int = Field(default=200, ge=1)


class ReceiptSettings(BaseModel):
    """How far back the edge reads `task-changes` for receipts and burn-downs: `events` of a partition, by `readers` calls at once.

    wait_s: how long others wait for their turn. rows: named in one receipt, its counts include all. rounds: of an undo, in which what
    was in the way goes first. histories: projects whose burn-down is kept in memory and goes on from where it was.
    """

    model_config = ConfigDict(frozen=True)

    events: int = Field(default=1_000_000, ge=1)
    readers: int = Field(default=2, ge=1)
    wait_s: float = 10.0
    rows: int = Field(default=1_000, ge=1)
    rounds: int = Field(default=4, ge=1)
    histories: int = Field(default=8, ge=1)


class TailSettings(BaseModel):
    """How `task-state` and `cascades` are read. A frame older than `back_s` at the start is not replayed.

    stale_after_s: clients are told one or two probes later, so within five seconds. drift_every_s: how often each project's rows are held
    against their digests (0: never).
    """

    model_config = ConfigDict(frozen=True)

    back_s: int = 300
    fetch_wait_ms: int = 10
    stale_after_s: float = 3.0
    probe_s: float = 1.0
    drift_every_s: float = Field(default=30.0, ge=0)


class AuthSettings(BaseModel):
    """Whose tokens are taken. Without `jwks_url`: those signed with the secret. types: of access tokens, as in their header (`typ`).

    scope_claims, projects_claim: where a token names them, with dots for claims inside claims. tenant: what `tenant_claim` must say.
    revoked_file: tokens that hold no more (default: `revoked` in the data directory). development_beyond_localhost: listen to other
    machines although everyone who can read the data directory can sign tokens.
    """

    model_config = ConfigDict(frozen=True)

    jwks_url: str | None = None
    issuer: str = "anabranch"
    audience: str = "anabranch"
    algorithms: tuple[Literal["RS256", "ES256"], ...] = ("RS256", "ES256")
    types: tuple[str, ...] = ("at+jwt", "jwt")
    leeway_s: int = Field(default=10, ge=0, le=60)
    projects_claim: str = "projects"
    scope_claims: tuple[str, ...] = ("scope",)
    tenant_claim: str = "tenant"
    tenant: str | None = None
    jwks_cache_s: float = 300.0
    jwks_again_s: float = 15.0
    jwks_keep_s: float = 86_400.0
    jwks_timeout_s: float = 5.0
    revoked_file: Path | None = None
    revoked_look_s: float = 0.25
    development_beyond_localhost: bool = False

    @field_validator("jwks_url")
    @classmethod
    def _comes_safely(cls, address: str | None) -> str | None:
        parts = urlsplit(address or "https:")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local(parts.hostname or "")):
            raise ValueError("must begin with https:// (http:// for this machine only): whoever can change keys can sign tokens")
        return address


def is_local(host: str) -> bool:
    """Return whether only this machine can reach what listens at a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class EdgeSettings(BaseSettings):
    """One edge. Port 0 takes a free one. origins: pages that may call, beside the edge's own. data: where the secret is kept.

    jwt_secret: signs tokens (HS256), at least 32 characters; without it and without `auth.jwks_url` one is made in the data directory,
    for development. docs: the pages that describe the calls (default: in development only). reuse_port: several edges may listen on the
    same port (SO_REUSEPORT), each only once it is ready. proxies: addresses or networks whose `X-Forwarded-For` says who calls; of all
    others it is the address that they come from. send_buffer_bytes: what the kernel keeps for a connection that does not read
    (0: as it likes). tracing: from a write to its frame, with the extra `otel`; where to send it is OpenTelemetry's own setting
    `OTEL_EXPORTER_OTLP_ENDPOINT`.
    """

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="ANABRANCH_", env_nested_delimiter="__", populate_by_name=True, extra="ignore", hide_input_in_errors=True
    )

    kafka: KafkaSettings = KafkaSettings()
    host: str = "127.0.0.1"
    port: int = Field(default=8400, ge=0, le=65_535)
    reuse_port: bool = False
    proxies: tuple[str, ...] = ()
    send_buffer_bytes: int = Field(default=131_072, ge=0)
    private_host: str = "127.0.0.1"
    private_port: int = Field(default=0, ge=0, le=65_535)
    data: Path = Path(".anabranch")
    jwt_secret: SecretStr | None = None
    auth: AuthSettings = AuthSettings()
    docs: bool | None = None
    tracing: bool = False
    origins: tuple[str, ...] = ()
    web_dir: Path = _BUILT
    feature_bulk_api: bool = Field(default=True, validation_alias=AliasChoices("feature_bulk_api", "FEATURE_BULK_API"))
    feature_ws_cascade: bool = Field(default=True, validation_alias=AliasChoices("feature_ws_cascade", "FEATURE_WS_CASCADE"))
    limits: Limits = Limits()
    http: HttpLimits = HttpLimits()
    tail: TailSettings = TailSettings()
    receipts: ReceiptSettings = ReceiptSettings()

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"names addresses or networks such as 10.0.0.0/8 ({error})") from None
        return proxies

    @property
    def development(self) -> bool:
        """Return whether tokens are signed with the secret that was made in the data directory."""
        return self.jwt_secret is None and self.auth.jwks_url is None

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        secret = None if self.jwt_secret is None else self.jwt_secret.get_secret_value()
        if secret is not None and self.auth.jwks_url is not None:
            raise ValueError("jwt_secret and auth.jwks_url exclude each other: set one of them")
        if secret is not None and len(secret) < _MIN_SECRET:
            raise ValueError(f"jwt_secret has at least {_MIN_SECRET} characters")
        if self.development and not is_local(self.host) and not self.auth.development_beyond_localhost:
            raise ValueError(
                f"the edge would listen on {self.host} with a secret made for development: set ANABRANCH_AUTH__JWKS_URL (or "
                "ANABRANCH_JWT_SECRET), or keep ANABRANCH_HOST on this machine, or say ANABRANCH_AUTH__DEVELOPMENT_BEYOND_LOCALHOST=true"
            )
        return self
