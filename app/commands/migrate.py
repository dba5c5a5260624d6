"""`ringside migrate`: before a new version's processes start; safe to repeat."""

import click

from app import log
from app.migrate import migrate
from app.settings import read


@click.command(help="Bring DATABASE_URL to this version's schema; safe to repeat.")
def command() -> None:
    """Run the migrations."""
    settings = read()
    log.start(settings.log_level)
    migrate(settings.database_url.get_secret_value())
    click.echo("the schema is up to date")
