"""`ringside asyncapi`: the description of the topics and their events, as they are set."""

import json

import click

from app.asyncapi import document
from app.main import running_version
from app.settings import read


@click.command(help="Print the description of the topics and their events (AsyncAPI, JSON).")
def command() -> None:
    """On standard output."""
    settings = read()
    shown = document(settings.topic_prefix, settings.topic_partitions, running_version())
    click.echo(json.dumps(shown, indent=2))
