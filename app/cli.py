"""The command `ringside`: data on standard output, everything else on standard error.

Each command lives in its own module, which is imported when the command runs: `ringside --version`
must not wait for a web server to load.
"""

import importlib
import sys
from importlib.metadata import PackageNotFoundError, version

import click

from app.errors import RingsideError

COMMANDS = {
    "up": "Serve from an embedded PostgreSQL",
    "demo": "The same, with a simulated sales floor",
    "api": "Serve the API and the page",
    "consume": "Take events from Kafka",
    "migrate": "Bring the database to this version's schema",
    "simulate": "Send a simulated floor's events to a running Ringside",
    "import": "Take files of events in",
    "verify": "Work every figure out anew and compare; show that nothing was lost",
    "rebuild": "Work all figures out anew after a change of what they mean",
    "dead-letters": "List, show, replay and discard what could not be taken",
    "keys": "Make, list and revoke API keys",
    "openapi": "Print the description of the API",
    "asyncapi": "Print the description of the topics and their events",
}

_MODULES = {"import": "import_files"}  # a word of Python's names no module


class Ringside(click.Group):
    """A group whose commands are found by name in `app.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order a newcomer would want them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        name = _MODULES.get(cmd_name, cmd_name.replace("-", "_"))
        module = importlib.import_module(f"app.commands.{name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Help without importing anything."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version() -> str:
    try:
        return version("ringside")
    except PackageNotFoundError:
        return "0 (not installed)"


@click.group(cls=Ringside, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="ringside")
def ringside() -> None:
    """Inside-sales activity: pick up the phone, converse, ring the cash register."""


def main() -> None:
    """Run the command; what Ringside raises on purpose becomes one clear line and a code."""
    try:
        ringside(prog_name="ringside")
    except RingsideError as error:
        sys.stderr.write(f"ringside: {error.detail}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
