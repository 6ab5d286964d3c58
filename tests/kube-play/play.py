"""The overlay `single`, rendered, as podman can run it: from nothing to a synced partner, one replica more, one program killed.

podman knows neither Service, StatefulSet, Job, NetworkPolicy nor a projected volume, and asks no probe. So here Pods stand for
sets and the migration's Job, networks for policies, ConfigMaps for Secrets, and `health-check` is asked by hand. What remains
as it stands in the manifests: programs, arguments, variables, users, capabilities, read-only roots, limits, file names.
"""

import base64
import copy
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import yaml

from checks import compose
from checks.monitoring import metrics_asked
from checks.pods import pods
from checks.reach import NOT_REACHED
from checks.rendering import render
from checks.running import PARTNER_ID, SERVICES, UNITS, USERS, check_confined, settings, wait
from checks.tools import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
# D6, as a kubelet would add them for a Service called kaseya-sync-portal where nobody says enableServiceLinks: false.
SERVICE_LINKS = {
    "KASEYA_SYNC_PORTAL_SERVICE_HOST": "10.96.0.7",
    "KASEYA_SYNC_PORTAL_SERVICE_PORT": "8080",
    "KASEYA_SYNC_PORTAL_PORT": "tcp://10.96.0.7:8080",
    "KASEYA_SYNC_PORTAL_PORT_8080_TCP": "tcp://10.96.0.7:8080",
    "KASEYA_SYNC_PORTAL_PORT_8080_TCP_PROTO": "tcp",
}
# The simulator stands next to the worker, as in docker-compose.yml; plain http is let out to nothing else.
SIMULATOR = {
    "name": "simulator",
    "command": ["/usr/local/bin/kaseya-simulator"],
    "args": ["--listen", "127.0.0.1:8095", "--data", "/var/lib/kaseya-simulator/tenant.json"],
    "securityContext": {"runAsUser": 65532},
}
OPEN_PORTAL = "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8080, timeout=5); c.request('GET', '/'); print(c.getresponse().status)"
READ_METRICS = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9090/metrics', timeout=5).read().decode())"
# Taken by a program that listens on loopback alone.
LOOPBACK_HTTP = {
    "KASEYA_SYNC_KASEYA__ALLOW_LOOPBACK_HTTP": "true",
    "KASEYA_SYNC_HEALTH__LISTEN": "127.0.0.1:9090",
}


def podman(*arguments: str, **options) -> str:
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"podman {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def asked(*arguments: str) -> bool:
    return subprocess.run(["podman", *arguments], capture_output=True).returncode == 0


class Cluster:
    """The overlay's pods, and what stands for the rest of Kubernetes."""

    def __init__(self, secrets: pathlib.Path, scratch: pathlib.Path):
        printed = subprocess.run([KUBERNETES / "from-files", secrets], check=True, capture_output=True, text=True)
        self.files = {thing["metadata"]["name"]: thing for thing in json.loads(printed.stdout)["items"]}
        self.scratch = scratch
        self.compose = compose.read_compose(ROOT / "docker-compose.yml")
        self.objects = render(KUBERNETES / "overlays" / "single")
        self.templates = pods(self.objects)

    def text(self, name: str, key: str) -> str:
        text = self.files[name]["data"][key]
        return base64.b64decode(text).decode() if self.files[name]["kind"] == "Secret" else text

    def documents(self, name: str, kind: str, replicas: int = 1, arguments: list[str] | None = None) -> list[dict]:
        """A Pod or Deployment, with a ConfigMap for what its volumes hold."""
        template = copy.deepcopy(self.templates[name])
        spec = template["spec"]
        program = spec["containers"][0]
        if arguments:
            program["args"] = arguments
        maps, volumes = [], []
        for volume in spec.get("volumes", []):
            mount = next(mount for mount in program["volumeMounts"] if mount["name"] == volume["name"])
            content = self.content(volume)
            if content:
                # A ConfigMap has no folders.
                (folder,) = {os.path.dirname(path) for path in content}
                mount["mountPath"] = os.path.join(mount["mountPath"], folder).rstrip("/")
                content = {os.path.basename(path): text for path, text in content.items()}
                label = f"{name}-{volume['name']}"
                maps.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": label}, "data": content})
                volumes.append({"name": volume["name"], "configMap": {"name": label}})
                if mount.pop("subPath", None):
                    mount["mountPath"] = os.path.dirname(mount["mountPath"])
            elif "emptyDir" in volume:
                # podman's own would be root's alone.
                place = self.scratch / f"{name}-{volume['name']}"
                place.mkdir(exist_ok=True)
                place.chmod(0o1777)
                volumes.append({"name": volume["name"], "hostPath": {"path": str(place), "type": "Directory"}})
            else:
                program["volumeMounts"].remove(mount)
        claims = {mount["name"] for mount in program.get("volumeMounts", [])} - {volume["name"] for volume in volumes}
        volumes += [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in sorted(claims)]
        spec["volumes"] = volumes
        # podman would publish the ports on this machine.
        for unused in ["startupProbe", "livenessProbe", "readinessProbe", "ports"]:
            program.pop(unused, None)
        if "build" in self.compose["services"][name]:
            program["env"] += [{"name": key, "value": value} for key, value in SERVICE_LINKS.items()]
        if name in ("worker", "operator"):
            others = [given for given in program["env"] if given["name"] not in LOOPBACK_HTTP]
            program["env"] = others + [{"name": key, "value": value} for key, value in LOOPBACK_HTTP.items()]
        if name == "worker":
            spec["containers"].append(SIMULATOR | {"image": program["image"]})
        metadata = {"name": name, "labels": template["metadata"]["labels"]}
        if kind == "Pod":
            return [*maps, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}]
        deployment = {"replicas": replicas, "selector": {"matchLabels": metadata["labels"]}, "template": template}
        return [*maps, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment}]

    def content(self, volume: dict) -> dict[str, str]:
        content = {}
        for source in volume.get("projected", {}).get("sources", []):
            for given in source.values():
                for item in given["items"]:
                    content[item["path"]] = self.text(given["name"], item["key"])
        if volume["name"] == "settings":
            content["partner.toml"] = settings()
        if "configMap" in volume:
            content |= {"90-kaseya-sync.conf": self.files[volume["configMap"]["name"]]["data"]["rabbitmq.conf"]}
        return content

    def play(self, name: str, kind: str, replicas: int = 1, arguments: list[str] | None = None) -> None:
        # podman replaces Pods, but not those of a Deployment.
        for pod in podman("pod", "ps", "--format", "{{.Name}}").split():
            if pod.startswith(f"{name}-pod-"):
                podman("pod", "rm", "--force", pod)
        networks = sorted(self.compose["services"][name]["networks"].keys() - NOT_REACHED)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump_all(self.documents(name, kind, replicas, arguments), file)
            file.flush()
            podman("kube", "play", "--replace", "--network", ",".join(networks), file.name)

    def run(self, name: str, *arguments: str) -> tuple[int, str]:
        """A Pod that ends: its exit code and what it said."""
        self.play(name, "Pod", arguments=list(arguments))
        code = int(podman("wait", f"{name}-program"))
        done = subprocess.run(["podman", "logs", f"{name}-program"], capture_output=True, text=True)
        podman("pod", "rm", "--force", name)
        return code, done.stdout + done.stderr

    def must(self, name: str, *arguments: str) -> str:
        code, said = self.run(name, *arguments)
        if code != 0:
            raise SystemExit(f"{' '.join((name, *arguments))}: ended with {code}: {said}")
        return said


def programs(name: str) -> list[str]:
    """The containers of a Deployment's replicas."""
    names = podman("ps", "--format", "{{.Names}}").split()
    return sorted(container for container in names if container.startswith(f"{name}-pod") and container.endswith("-program"))


def ready(name: str, replicas: int) -> bool:
    found = programs(name)
    return len(found) == replicas and all(
        asked("exec", container, f"/usr/local/bin/kaseya-sync-{name}", "health-check") for container in found
    )


def process(container: str) -> int:
    return int(podman("inspect", "--format", "{{.State.Pid}}", container))


def asked_inside(container: str, program: str) -> str:
    inside = ["nsenter", "--target", str(process(container)), "--net", sys.executable, "-c", program]
    return subprocess.run(inside, check=True, capture_output=True, text=True).stdout


def reaches(container: str, address: str, port: int) -> bool:
    """Whether a connection opens from where the container is."""
    tried = ["nsenter", "--target", str(process(container)), "--net", "timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}"]
    return subprocess.run(tried, capture_output=True).returncode == 0


def address(pod: str, network: str) -> str:
    infra = podman("pod", "inspect", "--format", "{{.InfraContainerID}}", pod)
    return json.loads(podman("inspect", infra))[0]["NetworkSettings"]["Networks"][network]["IPAddress"]


def sync(cluster: Cluster, word: str) -> None:
    said = cluster.must("operator", "sync-now", PARTNER_ID, "--wait")
    status = cluster.must("operator", "status", PARTNER_ID)
    if word not in status:
        raise SystemExit(f"after a sync the status does not say {word}: {said}{status}")
    print(f"a sync ends, and the row says {word}", flush=True)


def metrics_of_alerts() -> set[str]:
    objects = render(KUBERNETES / "overlays" / "scaled")
    rules = next(thing["spec"] for thing in objects if thing["kind"] == "PrometheusRule")
    return set().union(*(metrics_asked(rule["expr"]) for group in rules["groups"] for rule in group["rules"]))


def main(secrets: pathlib.Path, scratch: pathlib.Path) -> None:
    cluster = Cluster(secrets, scratch)
    for network in ["broker", "database"]:
        podman("network", "create", "--internal", network)
    podman("network", "create", "outside")
    began = time.monotonic()
    cluster.play("postgres", "Pod")
    cluster.play("rabbitmq", "Pod")
    for name in ["postgres", "rabbitmq"]:
        command = cluster.templates[name]["spec"]["containers"][0]["startupProbe"]["exec"]["command"]
        wait(f"{name} is ready", lambda name=name, command=command: asked("exec", f"{name}-{name}", *command))
    cluster.must("migrate")
    for name in SERVICES:
        cluster.play(name, "Deployment")
    for name in SERVICES:
        wait(f"{name} is ready", lambda name=name: ready(name, 1))
    print(f"from nothing to ready: {time.monotonic() - began:.0f} s", flush=True)

    for container in [f"{name}-{name}" for name in ["postgres", "rabbitmq"]]:
        check_confined(container, process(container), 999)
    for name in SERVICES:
        (container,) = programs(name)
        check_confined(container, process(container), 65532)
    print("all run as their users, without capabilities, on a read-only root", flush=True)
    for name, wanted in [("scheduler", True), ("worker", False)]:
        (container,) = programs(name)
        if reaches(container, address("postgres", "database"), 5432) != wanted:
            raise SystemExit(f"{name}: {'does not reach' if wanted else 'reaches'} Postgres")
    print("the scheduler reaches Postgres, the worker does not", flush=True)

    cluster.must("operator", "apply", "/settings/partner.toml", "--without-trying")
    sync(cluster, f"changed ({UNITS} → {USERS})")
    sync(cluster, "unchanged")

    # Requests are counted from the first one on.
    print(f"the portal answers with {asked_inside(programs('portal')[0], OPEN_PORTAL).strip()}", flush=True)
    pages = "".join(asked_inside(programs(name)[0], READ_METRICS) for name in SERVICES)
    unseen = {metric for metric in metrics_of_alerts() if f"\n{metric}" not in pages}
    if unseen:
        raise SystemExit(f"alerts ask for metrics that no program shows: {sorted(unseen)}")
    print("the programs show what the alerts ask for", flush=True)

    cluster.play("results", "Deployment", replicas=2)
    wait("one replica of results more", lambda: ready("results", 2))
    (killed,) = programs("scheduler")
    before = process(killed)
    os.kill(before, signal.SIGKILL)
    wait("the killed scheduler is back", lambda: process(killed) not in (0, before) and ready("scheduler", 1))
    sync(cluster, "unchanged")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
