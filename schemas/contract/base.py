"""What the models of the public contract have in common: how names, absent fields and unknown fields are treated."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import SkipJsonSchema

from schemas.topics import MAX_ID_CHARS, MAX_NAMES, MAX_TITLE_CHARS, MAX_WORD_CHARS

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS)]
Word = Annotated[str, Field(min_length=1, max_length=MAX_WORD_CHARS)]
Title = Annotated[str, Field(max_length=MAX_TITLE_CHARS)]
Names = Annotated[list[Id], Field(max_length=MAX_NAMES)]
Percentage = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0)]
Stamp = Annotated[int, Field(ge=-1, description="Offset in task-changes of the last event taken in.")]
Milliseconds = Annotated[int, Field(description="Milliseconds since 1970, UTC.")]
UtcTime = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$", description="UTC, ISO 8601 with milliseconds and Z.")
]

Absent = SkipJsonSchema[None]


def is_absent(value: object) -> bool:
    """Return whether a field has nothing to say."""
    return value is None


def absent(description: str | None = None) -> Any:  # noqa: ANN401  because it stands for a default of any type
    """Return the default of a field that is left out when there is nothing to say, and never null (`X | Absent`)."""
    return Field(default=None, exclude_if=is_absent, description=description)


class Whole(BaseModel):
    """Every field is always sent. Unknown fields are ignored, so that a newer sender does no harm."""

    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_serialization_defaults_required=True)


class Sparse(Whole):
    """Fields with a default may be left out."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)


CAMEL: Final = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)
"""Names of the envelope and of metadata are camelCase, as in the design; inside rows they are snake_case."""
