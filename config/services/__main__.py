"""`python -m config.services start|stop|status`, for where Django is not set up."""

import argparse
import os
import sys
from pathlib import Path

from config.services import Services, ServicesError

ACTIONS = ("start", "stop", "status")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The embedded PostgreSQL and Valkey.")
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument(
        "--var",
        type=Path,
        default=Path(os.environ.get("VAR_DIR") or Path(__file__).parents[2] / "var"),
        help="the folder with their data",
    )
    options = parser.parse_args(arguments)
    return run(options.action, options.var)


def run(action: str, var: Path) -> int:
    """Does `action`, prints a sentence for each server, returns an exit code."""
    services = Services(var)
    try:
        if action == "start":
            _, started = services.start()
            for name, word in services.status().items():
                print(f"{name}: {word}{'' if name in started else ' (was running already)'}")
        elif action == "stop":
            for name in services.stop():
                print(f"{name}: stopped")
        else:
            for name, word in services.status().items():
                print(f"{name}: {word}")
            return 0 if services.healthy() else 1
    except ServicesError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
