"""everycell serve: the service over HTTP, until it is told to stop."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.output import err, opened

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="address to listen on; 0.0.0.0 for every one of this machine")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on; 0 for any free one")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes that answer")] = 1,
) -> None:
    """Serve the API and the pages. Prints "ready ADDRESS" once it answers; ends on SIGTERM and Ctrl-C."""
    from api.server import run_server, run_workers  # here: the other commands need no web server

    with opened() as store:
        if workers == 1:
            run_server(store, host, port, on_ready=announce)
        else:
            run_workers(host, port, workers, on_ready=announce)
    err.print("everycell: stopped")


def announce(address: str) -> None:
    """Tell, on a line of its own, that the service answers."""
    print(f"ready {address}", flush=True)  # noqa: T201 - scripts wait for this line
