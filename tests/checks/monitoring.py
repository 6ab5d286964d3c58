"""The alerts, the dashboard and the scaling of deploy/kubernetes: metrics that the programs have, and rules that promtool takes
and tries."""

import functools
import json
import pathlib
import re
import subprocess
import tempfile

import yaml

from checks.refusals import Refused
from checks.tools import ROOT

TESTS = ROOT / "tests" / "checks" / "alerts.test.yaml"
# Of Prometheus and its exporters' library.
NOT_OURS = {"target_info", "up"}
# Words of PromQL that look like a metric, and labels.
WORDS = re.compile(r"\{[^}]*\}|\[[^]]*\]|\b(?:by|without)\s*\([^)]*\)|\b(?:or|and|unless|absent|sum|max|min|abs|count|topk|histogram_quantile|increase|rate)\b")


def metrics_shown() -> set[str]:
    """What the programs show, as the exporter writes the names."""
    names = set()
    for file in (ROOT / "crates").glob("*/src/**/*.rs"):
        text = file.read_text()
        if "meter" not in text:
            continue
        for name in re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', text):
            plain = name.replace(".", "_")
            names |= {plain, f"{plain}_total", f"{plain}_seconds_bucket", f"{plain}_seconds_count"}
    return names


def metrics_asked(query: str) -> set[str]:
    return set(re.findall(r"[a-z_]{3,}", WORDS.sub(" ", query))) - NOT_OURS


def check_metrics(label: str, query: str, shown: set[str]) -> None:
    unknown = metrics_asked(query) - shown
    if unknown:
        raise Refused(f"{label}: no program shows {sorted(unknown)}")


def check_monitoring(objects: list[dict], shown: set[str]) -> None:
    for thing in objects:
        if thing["kind"] == "PrometheusRule":
            for rule in (rule for group in thing["spec"]["groups"] for rule in group["rules"]):
                check_metrics(rule["alert"], rule["expr"], shown)
            check_alerts(yaml.safe_dump(thing["spec"]))
        if thing["kind"] == "ConfigMap" and thing["metadata"]["name"] == "grafana-dashboard":
            (dashboard,) = map(json.loads, thing["data"].values())
            check_dashboard(dashboard, shown)
        if thing["kind"] == "ScaledObject":
            for trigger in thing["spec"]["triggers"]:
                check_metrics(thing["metadata"]["name"], trigger["metadata"]["query"], shown)


def check_dashboard(dashboard: dict, shown: set[str]) -> None:
    """Each panel asks what a program shows, in a query that promtool takes."""
    rules = []
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            check_metrics(f"dashboard, {panel['title']}", target["expr"], shown)
            rules.append({"record": f"panel:{panel['id']}:{target['refId'].lower()}", "expr": target["expr"]})
    with tempfile.TemporaryDirectory() as temporary:
        file = pathlib.Path(temporary) / "panels.yaml"
        file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
        done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(f"dashboard: promtool: {done.stdout}{done.stderr}")


@functools.cache
def check_alerts(rules: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        (directory / "rules.yaml").write_text(rules)
        (directory / "tests.yaml").write_text(TESTS.read_text())
        for command in [["check", "rules", "rules.yaml"], ["test", "rules", "tests.yaml"]]:
            done = subprocess.run(["promtool", *command], cwd=directory, capture_output=True, text=True)
            if done.returncode != 0:
                raise Refused(f"promtool {command[0]}: {done.stdout}{done.stderr}")
