"""`ringside consume`: the other half of production, any number in one consumer group."""

import os
import sys

import click


@click.command(help="Take events from Kafka into PostgreSQL (KAFKA_BOOTSTRAP_SERVERS).")
def command() -> None:
    """Become the consumer's process."""
    os.execv(sys.executable, [sys.executable, "-m", "consumers"])  # noqa: S606
