"""deploy/kubernetes as kustomize renders it, with each object valid by its schema."""

import json
import pathlib
import subprocess

import jsonschema
import kubernetes_validate
import yaml

from checks.custom_resources import SCHEMAS
from checks.refusals import Refused
from checks.tools import KUBECTL

# The newest that the schemas know, and the oldest that we support.
VERSIONS = ["1.37", "1.31"]

# Objects that were valid before: most are the same in each overlay and in each broken copy.
valid: set[str] = set()


def render(directory: pathlib.Path) -> list[dict]:
    done = subprocess.run([KUBECTL, "kustomize", directory], capture_output=True, text=True)
    # Words of deprecation are refused too.
    if done.returncode != 0 or done.stderr.strip():
        raise Refused(done.stderr.strip())
    objects = list(yaml.load_all(done.stdout, Loader=yaml.CSafeLoader))
    for thing in objects:
        text = json.dumps(thing, sort_keys=True)
        if text not in valid:
            validate(thing)
            valid.add(text)
    return objects


def validate(thing: dict) -> None:
    label = f"{thing['kind']} {thing['metadata']['name']}"
    custom = SCHEMAS.get((thing["apiVersion"], thing["kind"]))
    try:
        if custom:
            jsonschema.validate(thing, custom)
            return
        for version in VERSIONS:
            kubernetes_validate.validate(thing, version, strict=True)
    except jsonschema.ValidationError as fault:
        where = ".".join(str(part) for part in fault.path)
        raise Refused(f"{label}: {where}: {fault.message}") from fault
    except kubernetes_validate.SchemaNotFoundError as fault:
        raise Refused(f"{label}: no such kind in {thing['apiVersion']}") from fault
