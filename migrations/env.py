"""Runs the migrations on the connection that `app.migrate` hands over."""

from alembic import context

from app.migrate import connect_and_run, tables

connection = context.config.attributes.get("connection")


def run(given: object) -> None:
    context.configure(
        connection=given,
        target_metadata=tables(),
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if connection is None:
    connect_and_run(run)
else:
    run(connection)
