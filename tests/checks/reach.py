"""Which pods the NetworkPolicies of deploy/kubernetes let reach what, compared with the networks of docker-compose.yml."""

import ipaddress

from checks.refusals import Refused

# Compose's networks for clients of the broker on the machine itself, and for what collects spans and metrics.
NOT_REACHED = {"portals", "telemetry"}
# What a port leads to.
BY_PORT = {53: "dns", 443: "outside", 5432: "database", 5671: "broker", 5672: "broker"}
# An address of each private range: none may be reached as if it were the internet.
PRIVATE = ["10.1.2.3", "100.64.1.2", "127.0.0.1", "169.254.169.254", "172.16.1.2", "192.168.1.2", "fd00::1", "fe80::1"]


def selects(selector: dict, labels: dict) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", []):
        if expression["operator"] != "In":
            raise Refused(f"a NetworkPolicy selects by {expression['operator']}, which the check cannot read")
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True


def check_reach(objects: list[dict], pods: dict[str, dict], compose: dict) -> None:
    policies = [thing for thing in objects if thing["kind"] == "NetworkPolicy"]
    if not any(
        policy["spec"]["podSelector"] == {}
        and set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not policy["spec"].keys() & {"ingress", "egress"}
        for policy in policies
    ):
        raise Refused("NetworkPolicy: what no policy names must be denied")
    for name, template in pods.items():
        labels = template["metadata"]["labels"]
        reached, open_ports = {}, {}
        for policy in policies:
            if not selects(policy["spec"]["podSelector"], labels):
                continue
            for rule in policy["spec"].get("egress", []):
                note(reached, name, policy, rule, "to")
            for rule in policy["spec"].get("ingress", []):
                note(open_ports, name, policy, rule, "from")
        check_egress(name, reached, pods, compose)
        check_ingress(name, open_ports)


def note(ports: dict, name: str, policy: dict, rule: dict, side: str) -> None:
    """Adds the peers of a rule by port. Rules without ports or peers allow everything."""
    if not rule.get("ports") or not rule.get(side):
        raise Refused(f"{name}: NetworkPolicy {policy['metadata']['name']} must name ports and peers")
    for port in rule["ports"]:
        ports.setdefault(port["port"], []).extend(rule[side])


def check_egress(name: str, reached: dict, pods: dict, compose: dict) -> None:
    unknown = reached.keys() - BY_PORT.keys()
    if unknown:
        raise Refused(f"{name}: reaches the ports {sorted(unknown)}, and nobody says for what")
    found = {BY_PORT[port] for port in reached} - {"dns"}
    service = compose["services"][name]
    wanted = set(service["networks"]) - NOT_REACHED if "build" in service else set()
    if found != wanted:
        raise Refused(f"{name}: reaches {sorted(found)}, and {sorted(wanted)} in docker-compose.yml")
    for port, peers in reached.items():
        for peer in peers:
            if "podSelector" in peer and "namespaceSelector" not in peer:
                leads_to = {other for other, pod in pods.items() if selects(peer["podSelector"], pod["metadata"]["labels"])}
                if leads_to != {{"database": "postgres", "broker": "rabbitmq"}.get(BY_PORT[port])}:
                    raise Refused(f"{name}: reaches {sorted(leads_to)} on port {port}")
            if BY_PORT[port] == "outside":
                check_outside(name, peer)


def check_outside(name: str, peer: dict) -> None:
    block = peer.get("ipBlock", {})
    within = ipaddress.ip_network(block.get("cidr", "0.0.0.0/0"))
    excepted = [ipaddress.ip_network(network) for network in block.get("except", [])]
    for address in map(ipaddress.ip_address, PRIVATE):
        if address in within and not any(address in network for network in excepted):
            raise Refused(f"{name}: reaches the private address {address} as if it were the internet")


def check_ingress(name: str, open_ports: dict) -> None:
    allowed = {"portal": {8080, 9090}, "postgres": {5432}, "rabbitmq": {5672}, "migrate": set(), "operator": set()}
    unknown = open_ports.keys() - allowed.get(name, {9090})
    if unknown:
        raise Refused(f"{name}: is reached on {sorted(unknown)}")
    if name == "portal" and 8080 not in open_ports:
        raise Refused("portal: nobody reaches it")
    if name == "postgres" and any(selects(peer["podSelector"], {"app.kubernetes.io/name": "worker"}) for peer in open_ports[5432]):
        raise Refused("postgres: lets workers in")
