"""The names in the environment that mean something to us; any other ANABRANCH_ name is a mistake."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from pydantic import BaseModel

from schemas.failure import UsageFailure

PREFIX: Final = "ANABRANCH_"
OTHERS: Final = frozenset({"ANABRANCH_ASK", "ANABRANCH_TOKEN", "ANABRANCH_POSTGRES_DSN", "ANABRANCH_WEBHOOK_SECRET"})
"""Names that an option reads, and that are no settings."""
_TESTS: Final = "ANABRANCH_TEST_"


def names_of(settings: type[BaseModel], prefix: str = PREFIX) -> set[str]:
    """Return the environment names of a settings class, those of nested classes included."""
    names = set()
    for name, field in settings.model_fields.items():
        full = f"{prefix}{name.upper()}"
        names.add(full)
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= names_of(kind, f"{full}__")
        elif isinstance(kind, type) and is_dataclass(kind):
            names |= {f"{full}__{part.name.upper()}" for part in fields(kind)}
    return names


def refuse_unknown(environment: Mapping[str, str], settings: Iterable[type[BaseModel]]) -> None:
    """Raise `UsageFailure` for a name that no process knows: a typing error must not silently mean the default."""
    known = OTHERS.union(*(names_of(one) for one in settings))
    for name in sorted(environment):
        if name.startswith(PREFIX) and not name.startswith(_TESTS) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else "see docs/reference/settings.md."
            raise UsageFailure(f"The environment has {name}, which is no setting: {hint}")
