"""PostgreSQL refuses to run as root; as root it therefore runs as a user of its own."""

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

from config.services.state import ServicesError

# `nobody` last: it owns nothing by convention, but a database must belong to someone,
# and some containers have no tool to create a user.
OWN_USER = "reglament-db"
FALLBACKS = ("_postgres", "postgres", "nobody")


def database_user() -> pwd.struct_passwd | None:
    """Who PostgreSQL runs as: None for oneself, the usual case."""
    if os.geteuid() != 0:
        return None
    if not _exists(OWN_USER) and shutil.which("useradd"):
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OWN_USER],
            capture_output=True,
            check=False,
        )
    for name in (OWN_USER, *FALLBACKS):
        if _exists(name):
            return pwd.getpwnam(name)
    raise ServicesError(
        "PostgreSQL does not run as root, and there is no other user to run it as: "
        f"create the user {OWN_USER}, or start as an ordinary user."
    )


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def run_as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments for subprocess that drop root's rights."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def open_the_way(user: pwd.struct_passwd | None, *targets: Path) -> list[Path]:
    """Lets `user` pass through the folders above each target, and returns those changed.

    Passing (x) is not reading (r): nobody can list /root because a checkout lies in it.
    """
    if user is None:
        return []
    opened = []
    for target in targets:
        for folder in target.resolve().parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
                opened.append(folder)
    return opened


def make_readable(user: pwd.struct_passwd | None, tree: Path) -> None:
    """Lets `user` read a tree that a strict umask installed for root alone."""
    if user is None:
        return
    for path in (tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        wanted = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if mode & wanted != wanted:
            path.chmod(mode | wanted)
