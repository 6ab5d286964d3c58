"""What deploy/make-secrets writes, and that it refuses a directory that others may enter."""

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


def secrets_made(directory: pathlib.Path) -> set[str]:
    """The names of the files."""
    target = directory / "secrets"
    make = [ROOT / "deploy" / "make-secrets", target]
    case_f11_a_directory_that_others_may_enter_is_refused(make, target)
    subprocess.run(make, check=True, capture_output=True)
    return {file.name for file in target.iterdir()}
