"""docker-compose.yml: as Docker Compose understands it, and as only we know that it must be."""

import json
import os
import pathlib
import re
import subprocess

from checks.refusals import Refused
from checks.tools import COMPOSE, ROOT


def read_compose(file: pathlib.Path) -> dict:
    """The file as Docker Compose understands it, with every profile."""
    command = [COMPOSE, "--project-directory", ROOT, "-f", file, "--profile", "*", "config", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(done.stderr.strip())
    if "variable is not set" in done.stderr:
        raise Refused(done.stderr.strip())
    return json.loads(done.stdout)


def check_together(project: dict, dockerfile: str, made: set[str]) -> None:
    """What Compose cannot know: which programs the image has, which secrets are made, and our own rules."""
    packed = {f"/usr/local/bin/{name}" for name in re.findall(r"target/release/([\w-]+)", dockerfile)}
    ours = {name: service for name, service in project["services"].items() if "build" in service}
    for name, service in ours.items():
        (program,) = service["entrypoint"]
        if program not in packed:
            raise Refused(f"{name}: the image has no {program}")
        health = service.get("healthcheck", {}).get("test", ["CMD", program])
        if health[1] != program:
            raise Refused(f"{name}: asks {health[1]} for its health, but runs {program}")
        if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
            raise Refused(f"{name}: must be read-only and without capabilities")
        given = {os.path.join("/run/secrets", secret["target"]) for secret in service.get("secrets", [])}
        asked = {value for value in service.get("environment", {}).values() if value.startswith("/run/secrets/")}
        if given != asked:
            raise Refused(f"{name}: is given {sorted(given)}, but asks for {sorted(asked)}")
    if "database" in project["services"]["worker"]["networks"]:
        raise Refused("worker: must not reach the database")
    wanted = {pathlib.Path(secret["file"]).name for secret in project["secrets"].values()}
    if not wanted <= made:
        raise Refused(f"secrets: nobody makes {sorted(wanted - made)}")
    for config in project["configs"].values():
        if not pathlib.Path(config["file"]).is_file():
            raise Refused(f"configs: {config['file']} is not there")
    if not re.search(r"^USER 65532:65532$", dockerfile, re.MULTILINE):
        raise Refused("the image must run as 65532:65532")


# What is replaced, by what, and a word of the refusal.
BROKEN_COMPOSE = [
    ("unknown dependency", "migrate: { condition: service_completed_successfully }",
     "migration: { condition: service_completed_successfully }", "depends on undefined service"),
    ("unknown key", "stop_grace_period: 45s", "stop_grace_time: 45s", "additional properties"),
    ("unknown secret", "      - key-ring", "      - keyrings", "undefined secret"),
    ("unknown program", "[/usr/local/bin/kaseya-sync-worker]", "[/usr/local/bin/kaseya-worker]", "the image has no"),
    ("another's health", "kaseya-sync-results, health-check", "kaseya-sync-worker, health-check", "for its health"),
    ("a secret not given", "      - database-url\n", "", "but asks for"),
    ("worker at the database", "networks: [broker, outside]", "networks: [broker, database]", "not reach the database"),
    ("writable", "read_only: true", "read_only: false", "must be read-only"),
    ("a secret nobody makes", "file: secrets/key-ring", "file: secrets/ring", "nobody makes"),
    ("a variable without default", "${KASEYA_SYNC_VERSION:-dev}", "${KASEYA_SYNC_VERSION_}", "variable is not set"),
]
