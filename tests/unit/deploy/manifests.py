"""The manifests of deploy/kubernetes, read and put together as kustomize would."""

from pathlib import Path
from typing import Any, Final

import yaml

KUBERNETES: Final = Path(__file__).parents[3] / "deploy" / "kubernetes"
Manifest = dict[str, Any]


def read(folder: str) -> list[Manifest]:
    """Return the documents that a folder's kustomization names, those of the folders below it first."""
    place = KUBERNETES / folder
    found: list[Manifest] = []
    for name in yaml.safe_load((place / "kustomization.yaml").read_text())["resources"]:
        path = (place / name).resolve()
        if path.is_dir():
            found += read(str(path.relative_to(KUBERNETES)))
        else:
            found += [document for document in yaml.safe_load_all(path.read_text()) if document]
    return found


FOLDERS: Final = ("kafka", "topics", "base", "autoscaled")
ALL: Final = [(folder, one) for folder in ("kafka", "topics", "autoscaled") for one in read(folder)]


def named(kind: str, name: str) -> Manifest:
    """Return one manifest."""
    return next(one for _, one in ALL if (one["kind"], one["metadata"]["name"]) == (kind, name))


def pods() -> dict[str, Manifest]:
    """Return the pods' specs by the name of what makes them."""
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"] for _, one in ALL if one["kind"] in {"StatefulSet", "Deployment", "Job"}
    }


def settings_of(pod: Manifest) -> dict[str, str]:
    """Return the variables that the only container of a pod gets; a value that the cluster fills in is ``""``."""
    (container,) = pod["containers"]
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= named("ConfigMap", source["configMapRef"]["name"])["data"]
    return found | {one["name"]: one.get("value", "") for one in container.get("env", [])}
