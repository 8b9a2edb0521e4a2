"""Compiles requirements*.in into pinned files with hashes, for every system at once."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = ["uv", "pip", "compile", "--quiet", "--no-header", "--generate-hashes", "--universal"]
# Neither the index nor its place: the files serve whoever has another one.
COMPILE += ["--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links"]


def main(arguments: list[str]) -> None:
    """`--upgrade` takes the newest versions that the .in files allow."""
    for name in ("requirements", "requirements-dev"):
        subprocess.run(
            [sys.executable, "-m", *COMPILE, *arguments, f"{name}.in", "-o", f"{name}.txt"],
            cwd=ROOT,
            check=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
