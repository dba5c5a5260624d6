"""`ringside openapi`: the description of the API, without a running one."""

import json

import click

from app.db import Database
from app.main import create_app
from app.settings import read


@click.command(help="Print the description of the API (OpenAPI, JSON).")
def command() -> None:
    """On standard output."""
    settings = read({}, secret="unused")  # noqa: S106 - nothing is hashed
    app = create_app(settings, Database("postgresql://nobody@127.0.0.1/none"))
    click.echo(json.dumps(app.openapi(), indent=2))
