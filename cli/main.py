"""The command `anabranch`: registers the commands and turns failures into one sentence."""

import json
import sys
from typing import Final

import typer

from cli import (
    bench,
    burndown,
    dlq,
    edge,
    import_,
    kafka,
    mcp,
    publish,
    receipt,
    replay,
    revoke,
    sql,
    tail,
    token,
    topics,
    up,
    validate,
    verify,
    views,
    watch,
    webhook,
    worker,
)
from cli.keep import backup, erase
from cli.operate import doctor, status
from schemas.failure import Failure

app: Final = typer.Typer(
    name="anabranch",
    help="Exact, live branch and project summaries for a task platform changed by people and AI agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up)
app.command("kafka")(kafka.kafka)
app.command("worker")(worker.worker)
app.command("edge")(edge.edge)
app.add_typer(topics.app, name="topics")
app.add_typer(dlq.app, name="dlq")
app.add_typer(import_.app, name="import")
app.add_typer(watch.app, name="watch")
app.command("webhook")(webhook.webhook)
app.command("publish")(publish.publish)
app.command("validate")(validate.validate)
app.command("tail")(tail.tail)
app.command("token")(token.token)
app.command("revoke")(revoke.revoke)
app.command("receipt")(receipt.receipt)
app.command("replay")(replay.replay)
app.command("verify")(verify.verify)
app.command("sql")(sql.sql)
app.add_typer(views.app, name="views")
app.command("burndown")(burndown.burndown)
app.command("mcp")(mcp.mcp)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("erase")(erase.erase)
app.command("bench")(bench.bench)


def run() -> None:
    """Run the command line. Exit codes: 0 well, 1 trouble at run time or a difference found, 2 wrong usage."""
    try:
        app()
    except Failure as failure:
        _tell(str(failure))
        sys.exit(failure.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _tell(f"The system refused: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}.")
        sys.exit(1)


def _tell(sentence: str) -> None:
    if "--json" in sys.argv:
        sys.stderr.write(json.dumps({"error": sentence}) + "\n")
    else:
        sys.stderr.write(f"anabranch: {sentence}\n")


if __name__ == "__main__":
    run()
