"""What deploy/make-secrets writes, adds and changes, and that it refuses a directory that others may enter."""

import pathlib
import subprocess

from checks.refusals import Refused
from checks.tools import ROOT


def case_f11_a_directory_that_others_may_enter_is_refused(make: list, target: pathlib.Path) -> None:
    target.mkdir()
    target.chmod(0o755)
    open_to_all = subprocess.run(make, capture_output=True, text=True)
    if open_to_all.returncode != 1 or "chmod 700" not in open_to_all.stderr or any(target.iterdir()):
        raise Refused(f"deploy/make-secrets wrote to a directory that others may enter: {open_to_all.stderr}")
    target.chmod(0o700)


def contents(target: pathlib.Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in target.iterdir()}


def check_additions(make: list, target: pathlib.Path) -> None:
    """A second run adds what is missing, a broker user included, and leaves the rest."""
    before = contents(target)
    (target / "key-ring").unlink()
    (target / "bus-uri-results").unlink()
    (target / "database-url-portal").unlink()
    subprocess.run(make, check=True, capture_output=True)
    after = contents(target)
    changed = {name for name in before if after.get(name) != before[name]}
    if changed != {"key-ring", "bus-uri-results", "bus-users.json", "database-url-portal"}:
        raise Refused(f"deploy/make-secrets, run again without three of its files, wrote {sorted(changed)}")


def check_changes(make: list, target: pathlib.Path) -> None:
    for name, wanted in {
        "bus-uri-worker": {"bus-uri-worker", "bus-users.json"},
        "database-password": {"database-password", "database-url"},
        "database-url-portal": {"database-url-portal"},
        "key-ring": {"key-ring"},
    }.items():
        before = contents(target)
        subprocess.run([*make, "--change", name], check=True, capture_output=True)
        after = contents(target)
        changed = {name for name in after if after[name] != before[name]}
        if changed != wanted:
            raise Refused(f"deploy/make-secrets --change {name} wrote {sorted(changed)}")
        if name == "key-ring" and before[name].replace("write", "read").strip() not in after[name]:
            raise Refused("deploy/make-secrets --change key-ring lost a key")
    unknown = subprocess.run([*make, "--change", "bus-uri-nobody"], capture_output=True, text=True)
    if unknown.returncode != 1 or "no bus-uri-nobody" not in unknown.stderr:
        raise Refused(f"deploy/make-secrets changed what is not there: {unknown.stderr}")


def secrets_made(directory: pathlib.Path) -> set[str]:
    """The names of the files."""
    target = directory / "secrets"
    make = [ROOT / "deploy" / "make-secrets", target]
    case_f11_a_directory_that_others_may_enter_is_refused(make, target)
    subprocess.run(make, check=True, capture_output=True)
    check_additions(make, target)
    check_changes(make, target)
    return {file.name for file in target.iterdir()}
