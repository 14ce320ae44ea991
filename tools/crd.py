"""Make a small JSON Schema of a custom resource definition: `python tools/crd.py CRD.yaml [PROPERTY ...] > schema.json`.

The named properties of `spec` (with dots for inner ones) are left out, descriptions too. What a cluster would drop without a word is
refused by the schema: an object that lists its properties takes no others.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

_KEPT = (
    "type",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "format",
    "required",
    "oneOf",
    "anyOf",
    "not",
)


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without prose whose objects take only the properties that they list."""
    found = {name: schema[name] for name in _KEPT if name in schema}
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    if "properties" in schema:
        found["properties"] = {name: closed(part) for name, part in schema["properties"].items()}
        found["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    elif isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = closed(schema["additionalProperties"])
    if "items" in schema:
        found["items"] = closed(schema["items"])
    return found


def schema_of(crd: dict[str, Any], left_out: Sequence[str]) -> dict[str, Any]:
    """Return the schema of the stored version of a definition."""
    version = next(one for one in crd["spec"]["versions"] if one["storage"])
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    for path in left_out:
        *way, last = path.split(".")
        place = spec
        for part in way:
            place = place["properties"][part]
            place = place.get("items", place)
        del place["properties"][last]
    head = {
        "apiVersion": {"const": f"{crd['spec']['group']}/{version['name']}"},
        "kind": {"const": crd["spec"]["names"]["kind"]},
        "metadata": {"type": "object", "required": ["name"]},
        "spec": closed(spec),
    }
    return {"type": "object", "properties": head, "required": list(head), "additionalProperties": False}


if __name__ == "__main__":
    print(json.dumps(schema_of(yaml.safe_load(Path(sys.argv[1]).read_text()), sys.argv[2:]), separators=(",", ":"), sort_keys=True))
