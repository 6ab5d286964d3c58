"""deploy/kubernetes: rendered by kustomize, valid by the schemas of Kubernetes, and as docker-compose.yml has the programs.
Nothing is started. Runs with the Python that has the schemas."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

import yaml

from checks import compose
from checks.broken_manifests import BROKEN
from checks.monitoring import check_monitoring, metrics_shown
from checks.pods import check_as_in_compose, check_hardened, pods, secret_files
from checks.reach import check_reach
from checks.refusals import Refused, refuses
from checks.rendering import render
from checks.secrets_made import secrets_made
from checks.tools import ROOT

# Overlays of the check's own: the components that ours leave out.
WITH_COMPONENTS = {"single-monitored": ("single", "monitoring"), "scaled-external": ("scaled", "external-secrets")}


class Manifests:
    """A copy of deploy/kubernetes, and what it is compared with."""

    def __init__(self, directory: pathlib.Path):
        self.compose = compose.read_compose(ROOT / "docker-compose.yml")
        self.version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
        self.shown = metrics_shown()
        self.root = directory / "deploy" / "kubernetes"
        shutil.copytree(ROOT / "deploy", directory / "deploy", ignore=shutil.ignore_patterns("pictures"))
        secrets_made(directory)
        printed = subprocess.run([self.root / "from-files", directory / "secrets"], check=True, capture_output=True)
        self.from_files = json.loads(printed.stdout)["items"]
        for name, (overlay, component) in WITH_COMPONENTS.items():
            (self.root / "overlays" / name).mkdir()
            text = yaml.safe_dump(
                {
                    "apiVersion": "kustomize.config.k8s.io/v1beta1",
                    "kind": "Kustomization",
                    "namespace": "kaseya-sync",
                    "resources": [f"../{overlay}"],
                    "components": [f"../../components/{component}"],
                }
            )
            (self.root / "overlays" / name / "kustomization.yaml").write_text(text)

    def check(self) -> None:
        for overlay in ["single", "scaled", *WITH_COMPONENTS]:
            objects = render(self.root / "overlays" / overlay)
            try:
                self.check_overlay(objects)
                self.check_secrets(objects, overlay)
                if overlay == "scaled":
                    check_scaled(objects)
            except Refused as why:
                raise Refused(f"{overlay}: {why}") from why

    def check_overlay(self, objects: list[dict]) -> None:
        templates = pods(objects)
        services = self.compose["services"]
        missing = services.keys() - templates.keys() - {"simulator", "postgres", "rabbitmq"}
        if missing:
            raise Refused(f"docker-compose.yml has {sorted(missing)} too")
        check_namespace(objects)
        for name, template in templates.items():
            check_hardened(name, template["spec"])
            if "build" in services[name]:
                plaintext = "postgres" in templates
                check_as_in_compose(name, template["spec"], services[name], self.compose, plaintext)
                self.check_image(name, template["spec"]["containers"][0]["image"])
            elif template["spec"]["containers"][0]["image"] != services[name]["image"]:
                raise Refused(f"{name}: must be {services[name]['image']}, as in docker-compose.yml")
        check_references(objects, templates)
        check_reach(objects, templates, self.compose)
        check_monitoring(objects, self.shown)

    def check_image(self, name: str, image: str) -> None:
        if not image.endswith(f"/kaseya-sync:{self.version}"):
            raise Refused(f"{name}: runs {image}, and the version is {self.version}")

    def check_secrets(self, objects: list[dict], overlay: str) -> None:
        """Each Secret that a pod names has a source, and none is written down here."""
        if any(thing["kind"] == "Secret" for thing in objects):
            raise Refused("a Secret's content must not stand in a manifest")
        named = {source for template in pods(objects).values() for source in secret_files(template["spec"]).values()}
        sources = [
            (
                {(thing["metadata"]["name"], key) for thing in self.from_files if thing["kind"] == "Secret" for key in thing["data"]},
                overlay == "single",
                "deploy/kubernetes/from-files",
            ),
            (
                {
                    (thing["metadata"]["name"], entry["secretKey"])
                    for thing in objects
                    if thing["kind"] == "ExternalSecret"
                    for entry in thing["spec"]["data"]
                },
                overlay == "scaled-external",
                "the component external-secrets",
            ),
        ]
        for given, concerned, source in sources:
            if concerned and named != given:
                raise Refused(f"{source} gives {sorted(given - named)} to nobody, and lacks {sorted(named - given)}")


def check_namespace(objects: list[dict]) -> None:
    (namespace,) = (thing for thing in objects if thing["kind"] == "Namespace")
    if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
        raise Refused("the namespace must take restricted pods alone")
    for thing in objects:
        if thing is not namespace and thing["metadata"].get("namespace") != namespace["metadata"]["name"]:
            raise Refused(f"{thing['kind']} {thing['metadata']['name']}: is in no namespace of ours")


def check_references(objects: list[dict], templates: dict) -> None:
    """What Kubernetes itself takes although it leads nowhere."""

    def named(kind: str) -> dict:
        return {thing["metadata"]["name"]: thing for thing in objects if thing["kind"] == kind}

    def ports(selector: dict) -> set:
        found = [template for template in templates.values() if selector.items() <= template["metadata"]["labels"].items()]
        return {port["name"] for template in found for port in template["spec"]["containers"][0].get("ports", [])}

    services = named("Service")
    for name, service in services.items():
        for port in service["spec"]["ports"]:
            if port.get("targetPort", port["name"]) not in ports(service["spec"]["selector"]):
                raise Refused(f"Service {name}: no pod of it has the port {port['name']}")
    for name, ingress in named("Ingress").items():
        hosts = {host for entry in ingress["spec"].get("tls", []) for host in entry["hosts"]}
        for rule in ingress["spec"]["rules"]:
            if rule["host"] not in hosts:
                raise Refused(f"Ingress {name}: {rule['host']} is not encrypted")
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                offered = services.get(backend["name"], {}).get("spec", {}).get("ports", [])
                if backend["port"]["name"] not in {port["name"] for port in offered}:
                    raise Refused(f"Ingress {name}: leads to no Service's port")
    deployments = named("Deployment")
    budgets = {name: budget["spec"]["selector"]["matchLabels"] for name, budget in named("PodDisruptionBudget").items()}
    for name, deployment in deployments.items():
        if budgets.get(name) != deployment["spec"]["selector"]["matchLabels"]:
            raise Refused(f"Deployment {name}: has no PodDisruptionBudget of its own")
    for name, monitor in named("PodMonitor").items():
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            if endpoint["port"] not in ports(monitor["spec"]["selector"]["matchLabels"]):
                raise Refused(f"PodMonitor {name}: no pod has the port {endpoint['port']}")
    (job,) = named("Job").values()
    image = job["spec"]["template"]["spec"]["containers"][0]["image"]
    if job["metadata"]["name"] != f"migrate-{image.rsplit(':', 1)[1]}":
        raise Refused(f"Job {job['metadata']['name']}: is not named with the tag of {image}")


def check_scaled(objects: list[dict]) -> None:
    deployments = {thing["metadata"]["name"]: thing for thing in objects if thing["kind"] == "Deployment"}
    (scaled,) = (thing["spec"] for thing in objects if thing["kind"] == "ScaledObject")
    target = scaled["scaleTargetRef"]["name"]
    if target not in deployments or "replicas" in deployments[target]["spec"]:
        raise Refused(f"ScaledObject: {target} must be a Deployment that says no replicas itself")
    if not 2 <= scaled["minReplicaCount"] <= scaled["maxReplicaCount"]:
        raise Refused(f"ScaledObject: {target} must have two replicas and more")
    for name, deployment in deployments.items():
        if name != target and deployment["spec"].get("replicas", 1) < 2:
            raise Refused(f"Deployment {name}: must have two replicas")


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        manifests = Manifests(pathlib.Path(temporary))
        try:
            manifests.check()
        except Refused as why:
            print(f"FAILED  deploy/kubernetes: {why}", file=sys.stderr)
            return 1
        refused = []
        for label, name, old, new, word in BROKEN:
            file = manifests.root / name
            text = file.read_text()
            refused.append(refuses(label, text, old, new, word, lambda _: manifests.check(), file))
            file.write_text(text)
    if not all(refused):
        return 1
    print(f"deploy/kubernetes is sound; {len(refused)} broken copies were refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
