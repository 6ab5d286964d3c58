"""docker-compose.yml as it stands: from nothing to a synced partner; every program killed; secrets changed, a backup restored, a
version forward and back, as the runbooks say; stopped.

What a runbook types at a terminal is here given on standard input; everything else is its own command.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from checks.running import PARTNER_ID, SERVICES, UNITS, USERS, check_confined, settings, wait
from checks.tools import COMPOSE, ROOT

SERVERS = {"postgres": "postgres:17-bookworm", "rabbitmq": "rabbitmq:4-management"}
# The simulator is reached by plain http on loopback alone, which programs that listen on loopback alone allow.
SIMULATED = {"KASEYA_SYNC_KASEYA__ALLOW_LOOPBACK_HTTP": "true", "KASEYA_SYNC_HEALTH__LISTEN": "127.0.0.1:9090"}
DATABASE_ROLES = ["scheduler", "results", "portal", "operator"]
DATABASE = ["--username=kaseya_sync", "--maintenance-db=postgres"]


def docker(*arguments: str, **options) -> str:
    return must("docker", *arguments, **options)


def must(*command, **options) -> str:
    return raw(*command, **options).decode().strip()


def raw(*command, **options) -> bytes:
    done = subprocess.run([str(word) for word in command], capture_output=True, **options)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise SystemExit(f"{' '.join(map(str, command))}: ended with {done.returncode}: {said}")
    return done.stdout


class Installation:
    """A copy of the release's files as an operator has them, whose umask keeps others from reading what they make."""

    def __init__(self, place: pathlib.Path):
        self.place = place
        os.umask(0o077)
        place.mkdir()
        shutil.copyfile(ROOT / "docker-compose.yml", place / "docker-compose.yml")
        must("cp", "--recursive", "--no-preserve=mode", ROOT / "deploy", place)
        (place / "deploy" / "make-secrets").chmod(0o700)
        self.variables = dict(SIMULATED)

    def compose(self, *arguments: str, **options) -> str:
        return self.compose_raw(*arguments, **options).decode().strip()

    def compose_raw(self, *arguments: str, **options) -> bytes:
        return raw(COMPOSE, "--profile", "simulator", *arguments, cwd=self.place, env=os.environ | self.variables, **options)

    def operator(self, *arguments: str) -> str:
        folder = self.place / "settings"
        return self.compose("run", "--rm", "--no-TTY", "--volume", f"{folder}:/settings:ro", "operator", *arguments)

    def migrate(self) -> None:
        self.compose("run", "--rm", "--no-TTY", "migrate")

    def secret(self, name: str) -> pathlib.Path:
        return self.place / "secrets" / name

    def container(self, service: str) -> str:
        return self.compose("ps", "--all", "--quiet", service)

    def state(self, service: str) -> dict:
        return json.loads(docker("inspect", self.container(service)))[0]["State"]

    def healthy(self, service: str) -> bool:
        state = self.state(service)
        return state["Running"] and state.get("Health", {"Status": "healthy"})["Status"] == "healthy"

    def wait_healthy(self, label: str, *services: str) -> None:
        wait(label, lambda: all(self.healthy(service) for service in services or [*SERVERS, *SERVICES]))

    def psql(self, statement: str) -> str:
        arguments = ["--username=kaseya_sync", "--tuples-only", "--no-align", "--quiet"]
        return self.compose("exec", "-T", "postgres", "psql", *arguments, input=statement.encode())

    def change_secret(self, name: str) -> None:
        """As deploy/make-secrets says: what it prints is run as it stands."""
        done = subprocess.run([self.place / "deploy" / "make-secrets", "--change", name], cwd=self.place, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"make-secrets --change {name}: {done.stderr}")
        command = done.stderr.partition("now run:\n")[2].replace("docker compose", str(COMPOSE))
        print(must("bash", "-c", command, cwd=self.place, env=os.environ | self.variables), flush=True)

    def sync(self, word: str) -> None:
        said = self.operator("sync-now", PARTNER_ID, "--wait")
        status = self.operator("status", PARTNER_ID)
        if word not in status:
            raise SystemExit(f"after a sync the status does not say {word}: {said}{status}")
        print(f"a sync ends, and the row says {word}", flush=True)


def load_images(archives: pathlib.Path) -> None:
    docker("import", str(archives / "servers.tar"), "localhost/servers")
    folder = ROOT / "tests" / "containers"
    for server, image in SERVERS.items():
        build = ["build", "--quiet", "--network", "none", "--tag", image, "--file", folder / f"Containerfile.{server}", folder]
        docker(*map(str, build), env=os.environ | {"DOCKER_BUILDKIT": "0"})
    for tag in ["dev", "next"]:
        changes = ["--change", "USER 65532:65532", "--change", 'ENTRYPOINT ["/usr/local/bin/kaseya-sync"]']
        docker("import", *changes, str(archives / "programs.tar"), f"kaseya-sync:{tag}")


def bring_up(here: Installation) -> None:
    must(here.place / "deploy" / "make-secrets", cwd=here.place)
    began = time.monotonic()
    here.compose("up", "--detach")
    here.wait_healthy("all are healthy")
    print(f"from nothing to healthy: {time.monotonic() - began:.0f} s", flush=True)
    for name in [*SERVERS, *SERVICES, "simulator"]:
        check_confined(name, here.state(name)["Pid"], 999 if name in SERVERS else 65532)
    print("all run as their users, without capabilities, on a read-only root", flush=True)
    networks = json.loads(docker("inspect", here.container("worker")))[0]["NetworkSettings"]["Networks"]
    if "kaseya-sync_database" in networks:
        raise SystemExit("the worker is on Postgres's network")


def sync_partner(here: Installation) -> None:
    migrated = here.state("migrate")["StartedAt"]
    folder = here.place / "settings"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    file = folder / "partner.toml"
    file.write_text(settings())
    file.chmod(0o644)
    here.operator("apply", "/settings/partner.toml", "--without-trying")
    here.sync(f"changed ({UNITS} → {USERS})")
    here.sync("unchanged")
    if here.state("migrate")["StartedAt"] != migrated:
        raise SystemExit("an operator's command started the migration again")


def open_portal(here: Installation) -> None:
    """The sign-in page, and the partner's companies by an access token, as behind a proxy that ends TLS."""
    token = re.search(r"\bks_\S+|^\S{40,}$", here.operator("token", "new", PARTNER_ID, "--name", "admin", "--role", "admin"), re.M)
    if not token:
        raise SystemExit("token new printed no token")
    headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    page = ask("/", headers)
    if "<form" not in page:
        raise SystemExit(f"the portal's first page has no form to sign in: {page}")
    companies = json.loads(ask(f"/v1/partners/{PARTNER_ID}/companies", headers | {"Authorization": f"Bearer {token[0]}"}))
    if "unchanged" not in json.dumps(companies):
        raise SystemExit(f"the portal does not show what was synced: {companies}")
    print("the portal asks who comes, and shows the synced company", flush=True)


def ask(path: str, headers: dict) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:8080{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"the portal answers {path} with {refused.code}: {refused.read().decode()}") from None


def end(here: Installation, how: signal.Signals, *names: str) -> None:
    """Ends programs behind the engine's back, and waits until that was noticed and all are healthy again."""
    before = {name: here.state(name)["Pid"] for name in names}
    for process in before.values():
        os.kill(process, how)
    wait(
        f"{', '.join(names)}: ended by {how.name}, and all are healthy",
        lambda: all(here.state(name)["Pid"] not in (0, process) for name, process in before.items())
        and all(here.healthy(service) for service in [*SERVERS, *SERVICES]),
    )


def kill_each(here: Installation) -> None:
    end(here, signal.SIGKILL, *SERVICES)
    # The simulator shares the worker's network, which is new.
    here.compose("up", "--detach", "--force-recreate", "--no-deps", "simulator")
    for name in SERVERS:
        end(here, signal.SIGKILL, name)
    here.sync("unchanged")


def change_broker_password(here: Installation) -> None:
    here.change_secret("bus-uri-worker")
    # What is connected goes on; the restart makes all connect again, the worker by its new password, which the broker keeps.
    end(here, signal.SIGTERM, "rabbitmq")
    here.sync("unchanged")


def change_database_password(here: Installation) -> None:
    here.change_secret("database-password")
    here.migrate()
    for program in DATABASE_ROLES:
        here.change_secret(f"database-url-{program}")
    here.psql("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename like 'kaseya_sync%'")
    here.wait_healthy("Postgres has other passwords, and nothing was restarted")
    here.sync("unchanged")


def check_roles(here: Installation) -> None:
    """Each program is in the database as its own role, and the portal's cannot touch the journal."""
    used = here.psql("select distinct usename from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()")
    others = set(used.split()) - {f"kaseya_sync_{program}" for program in DATABASE_ROLES}
    if others or len(used.split()) < 3:
        raise SystemExit(f"programs are in the database as {used}")
    if here.psql("set role kaseya_sync_portal; select has_table_privilege('journal', 'update')") != "f":
        raise SystemExit("the portal's role may change the journal")
    print("each program has its own role", flush=True)


def change_key_ring(here: Installation) -> None:
    here.change_secret("key-ring")
    here.sync("unchanged")
    (writes, *reads) = here.secret("key-ring").read_text().splitlines()
    if not reads:
        raise SystemExit("the key ring has one key after a change")
    # The old key is not needed any more.
    here.secret("key-ring").chmod(0o644)
    here.secret("key-ring").write_text(f"{writes}\n")
    here.sync("unchanged")
    print("the key ring was changed, and the old key is gone", flush=True)


def restore(here: Installation, dump: bytes) -> None:
    here.compose("stop", *SERVICES)
    for command in ["dropdb", "createdb"]:
        here.compose("exec", "-T", "postgres", command, *DATABASE, "kaseya_sync")
    pg_restore = ["pg_restore", "--username=kaseya_sync", "--dbname=kaseya_sync", "--exit-on-error", "--no-privileges"]
    here.compose("exec", "-T", "postgres", *pg_restore, input=dump)


def back_up(here: Installation) -> bytes:
    pg_dump = ["pg_dump", "--username=kaseya_sync", "--format=custom", "kaseya_sync"]
    return here.compose_raw("exec", "-T", "postgres", *pg_dump)


def restore_backup(here: Installation, dump: bytes) -> None:
    restore(here, dump)
    here.migrate()
    here.operator("restored")
    here.compose("start", *SERVICES)
    here.wait_healthy("all are healthy on the restored database")
    status = here.operator("status", PARTNER_ID)
    for said in ["nothing is written until all lines have been read again", "ready for their next invoice: 0 of 1"]:
        if said not in status:
            raise SystemExit(f"after a restore the status does not say `{said}`: {status}")
    print("after a restore nothing counts as ready before it was read again", flush=True)


def go_forward_and_back(here: Installation) -> None:
    """Another tag with the same programs, and tables that only a newer version knows."""
    dump = back_up(here)
    here.variables["IMAGE_TAG"] = "next"
    here.compose("up", "--detach")
    here.wait_healthy("all run the next version")
    newest = "(select max(version) from refinery_schema_history)"
    here.psql(
        "create table of_the_next_version (id bigint primary key);"
        "insert into refinery_schema_history (version, name, applied_on, checksum)"
        f" select {newest} + 1, 'next', applied_on, '1' from refinery_schema_history where version = {newest};"
        f"update definitions set version = {newest}"
    )
    here.variables["IMAGE_TAG"] = "dev"
    here.compose("up", "--detach")
    here.wait_healthy("the version before runs on newer tables")
    if here.state("migrate")["ExitCode"] != 0:
        raise SystemExit("the migration of the version before fails on newer tables")
    here.sync("unchanged")
    restore(here, dump)
    here.migrate()
    here.compose("start", *SERVICES)
    here.wait_healthy("the version before runs on the backup")


def stop(here: Installation) -> None:
    began = time.monotonic()
    here.compose("stop")
    codes = {name: here.state(name)["ExitCode"] for name in [*SERVICES, *SERVERS, "simulator"]}
    if any(codes.values()):
        raise SystemExit(f"stopped, but not all with 0: {codes}")
    print(f"all stopped with 0: {time.monotonic() - began:.0f} s", flush=True)


def main(archives: pathlib.Path, scratch: pathlib.Path) -> None:
    load_images(archives)
    here = Installation(scratch / "installation")
    try:
        bring_up(here)
        sync_partner(here)
        open_portal(here)
        check_roles(here)
        kill_each(here)
        change_broker_password(here)
        change_database_password(here)
        change_key_ring(here)
        go_forward_and_back(here)
        restore_backup(here, back_up(here))
        stop(here)
    except SystemExit:
        print(here.compose("logs", "--no-color", "--tail", "15"), file=sys.stderr)
        raise


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
