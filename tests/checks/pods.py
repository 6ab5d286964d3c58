"""What the pods of deploy/kubernetes must be: as docker-compose.yml has them, hardened, and with secrets by reference."""

import os

from checks.refusals import Refused

# Of docker-compose.yml: for development on one machine, and where spans go, which an overlay says with the way there.
NOT_IN_PODS = {
    "KASEYA_SYNC_KASEYA__ALLOW_LOOPBACK_HTTP",
    "KASEYA_SYNC_PORTAL__PLAIN_HTTP",
    "KASEYA_SYNC_TELEMETRY__OTLP_ENDPOINT",
}
# By the way to Postgres, which is the overlay's.
PLAINTEXT = "KASEYA_SYNC_DATABASE__ALLOW_PLAINTEXT"
# Asked by probes, which a command that ends has none of.
HEALTH = "KASEYA_SYNC_HEALTH__LISTEN"


def pods(objects: list[dict]) -> dict[str, dict]:
    """The pod templates by the name that their label gives."""
    found = {}
    for thing in objects:
        spec = thing.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            name = template["metadata"]["labels"]["app.kubernetes.io/name"]
            wanted = "migrate" if thing["kind"] == "Job" else thing["metadata"]["name"]
            if name != wanted:
                raise Refused(f"{thing['kind']} {thing['metadata']['name']}: its pods are called {name}")
            found[name] = template
    return found


def check_hardened(name: str, pod: dict) -> None:
    if pod.get("automountServiceAccountToken") is not False:
        raise Refused(f"{name}: must not be given a token of the API server")
    # D6: KASEYA_SYNC_…_PORT=tcp://… of a Service of such a name.
    if pod.get("enableServiceLinks") is not False:
        raise Refused(f"{name}: must not be given service links")
    security = pod.get("securityContext", {})
    if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
        raise Refused(f"{name}: must not run as root")
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        raise Refused(f"{name}: must run under the default seccomp profile")
    for shared in ["hostNetwork", "hostPID", "hostIPC"]:
        if pod.get(shared):
            raise Refused(f"{name}: must not share the node's: {shared}")
    (container,) = pod["containers"]
    security = container.get("securityContext", {})
    if security != {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }:
        raise Refused(f"{name}: must be read-only, without capabilities and without new privileges")
    resources = container.get("resources", {})
    if not resources.get("limits", {}).get("memory") or not resources.get("requests", {}).get("cpu"):
        raise Refused(f"{name}: its memory must be limited and its processor asked for")
    if ":" not in container["image"] or container["image"].endswith(":latest"):
        raise Refused(f"{name}: its image needs a tag")
    mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
    claimed = mounted - {volume["name"] for volume in pod.get("volumes", [])}
    if claimed and pod["securityContext"].get("fsGroupChangePolicy") != "OnRootMismatch":
        raise Refused(f"{name}: its data must keep their rights when it starts again")
    for volume in pod.get("volumes", []):
        if "emptyDir" in volume and not volume["emptyDir"].get("sizeLimit"):
            raise Refused(f"{name}: {volume['name']} must be limited")


def secret_files(pod: dict) -> dict[str, tuple[str, str]]:
    """The Secret and key behind each file of a pod."""
    (container,) = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    files = {}
    for mount in container.get("volumeMounts", []):
        for source in volumes.get(mount["name"], {}).get("projected", {}).get("sources", []):
            for item in source.get("secret", {}).get("items", []):
                if "subPath" in mount:
                    raise Refused(f"{mount['mountPath']}: a secret by subPath is never replaced")
                files[os.path.join(mount["mountPath"], item["path"])] = (source["secret"]["name"], item["key"])
    return files


def check_as_in_compose(name: str, pod: dict, service: dict, compose: dict, plaintext: bool) -> None:
    """The same program, variables and secret files as the service of docker-compose.yml."""
    (container,) = pod["containers"]
    if container["command"] != service["entrypoint"] or container.get("args", []) != (service.get("command") or []):
        # The operator's command comes with each Job.
        if name != "operator" or container["command"] != service["entrypoint"]:
            raise Refused(f"{name}: runs {container['command']}, and {service['entrypoint']} in docker-compose.yml")
    here = {variable["name"]: variable["value"] for variable in container["env"]}
    there = {key: value for key, value in service["environment"].items() if key not in NOT_IN_PODS}
    if not plaintext:
        there.pop(PLAINTEXT, None)
    for variables in (here, there):
        if name in ("migrate", "operator"):
            variables.pop(HEALTH, None)
    if here != there:
        raise Refused(f"{name}: its variables are not those of docker-compose.yml: {dict(here.items() ^ there.items())}")
    files = {
        os.path.join("/run/secrets", secret["target"]): os.path.basename(compose["secrets"][secret["source"]]["file"])
        for secret in service["secrets"]
    }
    given = {file: key for file, (_, key) in secret_files(pod).items()}
    if given != files:
        raise Refused(f"{name}: its secret files are not those of docker-compose.yml: {dict(given.items() ^ files.items())}")
    if "healthcheck" in service:
        check_probes(name, pod, container, service)


def check_probes(name: str, pod: dict, container: dict, service: dict) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    pages = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    for probe, page in pages.items():
        asked = container.get(probe, {}).get("httpGet", {})
        if asked.get("path") != page or ports.get(asked.get("port")) != 9090:
            raise Refused(f"{name}: {probe} must ask {page} on the port of KASEYA_SYNC_HEALTH__LISTEN")
    if f"{pod['terminationGracePeriodSeconds']}s" != service["stop_grace_period"]:
        raise Refused(f"{name}: must be given {service['stop_grace_period']} to end")
