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
        given = {os.path.join("/run/secrets", secret["target"]) for secret in service.get("secrets", [])}
        # Also by `migrate --role=PROGRAM=FILE`.
        words = [*service.get("environment", {}).values(), *(word.rpartition("=")[2] for word in service.get("command") or [])]
        asked = {word for word in words if word.startswith("/run/secrets/")}
        if given != asked:
            raise Refused(f"{name}: is given {sorted(given)}, but asks for {sorted(asked)}")
    for name, service in project["services"].items():
        check_hardened(name, service)
    if "database" in project["services"]["worker"]["networks"]:
        raise Refused("worker: must not reach the database")
    urls = [secret["source"] for service in ours.values() for secret in service.get("secrets", []) if secret["target"] == "database-url"]
    if len(urls) != len(set(urls)):
        raise Refused(f"programs must not share a database role: {sorted(urls)}")
    wanted = {pathlib.Path(secret["file"]).name for secret in project["secrets"].values()}
    if not wanted <= made:
        raise Refused(f"secrets: nobody makes {sorted(wanted - made)}")
    for config in project["configs"].values():
        if not pathlib.Path(config["file"]).is_file():
            raise Refused(f"configs: {config['file']} is not there")
    if not re.search(r"^USER 65532:65532$", dockerfile, re.MULTILINE):
        raise Refused("the image must run as 65532:65532")


def check_hardened(name: str, service: dict) -> None:
    """F14: what a taken container cannot do, and what a runaway one cannot use up."""
    if not service.get("read_only"):
        raise Refused(f"{name}: must be read-only")
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add"):
        raise Refused(f"{name}: must be without capabilities")
    if service.get("privileged") or "no-new-privileges:true" not in service.get("security_opt", []):
        raise Refused(f"{name}: must gain no new privileges")
    # Our image names its user, which is checked there; the others begin as root unless told not to.
    if "build" not in service and str(service.get("user", "root")).split(":")[0] in ("root", "0"):
        raise Refused(f"{name}: must not run as root")
    if not service.get("mem_limit") or not service.get("pids_limit"):
        raise Refused(f"{name}: memory and processes must be limited")
    options = service.get("logging", {}).get("options", {})
    if not options.get("max-size") or not options.get("max-file"):
        raise Refused(f"{name}: its log must be limited")
    for mount in service.get("tmpfs", []):
        if "size=" not in mount:
            raise Refused(f"{name}: {mount}: a tmpfs must be limited")


# What is replaced, by what, and a word of the refusal.
BROKEN_COMPOSE = [
    ("unknown dependency", "migrate: { condition: service_completed_successfully }",
     "migration: { condition: service_completed_successfully }", "depends on undefined service"),
    ("unknown key", "stop_grace_period: 45s", "stop_grace_time: 45s", "additional properties"),
    ("unknown secret", "      - key-ring", "      - keyrings", "undefined secret"),
    ("unknown program", "[/usr/local/bin/kaseya-sync-worker]", "[/usr/local/bin/kaseya-worker]", "the image has no"),
    ("another's health", "kaseya-sync-results, health-check", "kaseya-sync-worker, health-check", "for its health"),
    ("a secret not given", "      - database-url\n", "", "but asks for"),
    ("a role not given", "      - --role=portal=/run/secrets/database-url-portal\n", "", "but asks for"),
    ("another's database role", "source: database-url-portal", "source: database-url-results", "must not share a database role"),
    ("worker at the database", "networks: [broker, outside, telemetry]", "networks: [broker, database]", "not reach the database"),
    ("writable", "read_only: true", "read_only: false", "must be read-only"),
    ("Postgres as its image is", "  postgres:\n    <<: *hardened\n", "  postgres:\n", "postgres: must be read-only"),
    ("RabbitMQ as its image is", "  rabbitmq:\n    <<: *hardened\n", "  rabbitmq:\n", "rabbitmq: must be read-only"),
    ("Postgres as root", "    user: postgres\n", "", "postgres: must not run as root"),
    ("Postgres as root by number", "user: postgres", 'user: "0:999"', "postgres: must not run as root"),
    ("RabbitMQ as root", "    user: rabbitmq\n", "", "rabbitmq: must not run as root"),
    ("all capabilities", "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "without capabilities"),
    ("a capability of its own", "user: postgres", "user: postgres\n    cap_add: [CHOWN]", "without capabilities"),
    ("new privileges", "no-new-privileges:true", "no-new-privileges:false", "no new privileges"),
    ("memory without limit", "  mem_limit: 512m\n", "", "must be limited"),
    ("processes without limit", "  pids_limit: 1024\n", "", "must be limited"),
    ("a log without limit", ', max-file: "5"', "", "its log must be limited"),
    ("a tmpfs without limit", "/tmp:size=64m", "/tmp", "a tmpfs must be limited"),
    ("a secret nobody makes", "file: secrets/key-ring", "file: secrets/ring", "nobody makes"),
    ("a variable without default", "${IMAGE_TAG:-dev}", "${IMAGE_TAG_}", "variable is not set"),
]
