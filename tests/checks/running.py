"""What the runs of deploy/kubernetes and docker-compose.yml ask alike of running containers."""

import datetime
import pathlib
import time

from checks.tools import ROOT

# A partner whose Kaseya is the simulator with deploy/simulator/tenant.json, where its company has 10 units.
PARTNER = ROOT / "tests" / "containers" / "partner.toml"
PARTNER_ID = "example-msp"
UNITS = 10
USERS = 12
SERVICES = ["scheduler", "worker", "results", "portal"]


def wait(label: str, done, seconds: int = 180) -> None:
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > seconds:
            raise SystemExit(f"{label}: not within {seconds} s")
        time.sleep(1)
    print(f"{label}: {time.monotonic() - began:.0f} s", flush=True)


def settings() -> str:
    """The partner's settings file, with a report of today."""
    day = datetime.date.today().isoformat()
    report = f'[report]\nday = {day}\nfinal = false\n[[report.company]]\nid = "rossi"\ncounts = {{ standard = {USERS} }}\n'
    return f"{PARTNER.read_text()}\n{report}"


def check_confined(label: str, process: int, user: int) -> None:
    """What the kernel says of the running program."""
    of_process = pathlib.Path("/proc") / str(process)
    status = dict(line.split(":\t", 1) for line in (of_process / "status").read_text().splitlines() if ":\t" in line)
    root = next(line.split() for line in (of_process / "mountinfo").read_text().splitlines() if line.split()[4] == "/")
    found = {
        "user": status["Uid"].split()[0],
        "capabilities": int(status["CapBnd"], 16),
        "no new privileges": status["NoNewPrivs"],
        "root": root[5].split(",")[0],
    }
    if found != {"user": str(user), "capabilities": 0, "no new privileges": "1", "root": "ro"}:
        raise SystemExit(f"{label}: runs as {found}")
