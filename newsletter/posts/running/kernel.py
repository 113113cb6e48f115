"""Python and SQL cells, run by nbclient in the kernel of a post's own environment."""

import asyncio
import atexit
import json
import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode, v4

from newsletter.posts.reading.parsed_post import WrittenCode
from newsletter.posts.running.environment import Environment
from newsletter.posts.running.limits import INSIDE, Processes, RunLimits, limited
from newsletter.posts.running.result import (
    Broken,
    Result,
    ended,
    last_lines,
    too_much,
    too_slow,
)
from newsletter.posts.running.sandbox import confined

STARTUP_SECONDS = 120
SILENT = logging.Logger("silent", logging.CRITICAL)  # what nbclient logs, it also raises
LONGEST_PLACE = 96  # characters
SQL_READY = (
    "import duckdb as _duckdb, runpy as _runpy\n"
    f"_shown = _runpy.run_path({str(INSIDE / 'sql.py')!r})['shown']"
)


def run_cells(
    cells: Sequence[WrittenCode],
    environment: Environment,
    posts: Path,
    home: Path,
    limits: RunLimits,
    processes: Processes,
) -> Result:
    """Run ``cells`` one after the other, in the folder ``posts``, until one fails.

    ``home`` is an empty folder of this run's own. Raises Broken; no process is left.
    """
    notebook = v4.new_notebook(cells=[_cell(_code(cell)) for cell in cells])
    manager = AsyncKernelManager(
        **_sockets(home, limits.is_confined),
        connection_file=str(home / "connection.json"),
        log=SILENT,
    )
    # -P: what is beside the kernel's file is not for a post to import.
    program = [str(environment.python), "-P", str(INSIDE / "kernel.py")]
    command = [*program, "-f", "{connection_file}"]
    if limits.is_confined:
        command = confined(command, posts.parent, [*environment.programs, INSIDE])
    manager._kernel_spec = KernelSpec(argv=limited(command, limits), language="python")
    client = _Client(notebook, manager, limits, processes)
    variables = environment.variables(home)
    has_sql = any(cell.language == "sql" for cell in cells)
    try:
        error = asyncio.run(client.run(has_sql, cwd=str(posts), env=variables))
    finally:
        client.end()
    outputs = [_outputs(*pair) for pair in zip(cells, notebook.cells, strict=True)]
    if error:
        error = last_lines(_traceback(outputs)) or error
    return Result(outputs, error, environment.versions)


def _sockets(home: Path, is_confined: bool) -> dict[str, str]:
    """Files of ours, as a port could be taken by a run beside this one; ports where the name
    of a file would be longer than the system has it (unix(7)). Who is shut in has no ports."""
    place = str(home / "k")
    if len(place) < LONGEST_PLACE:
        return {"transport": "ipc", "ip": place}
    if is_confined:
        raise Broken("The name of the folder for temporary files is too long: set TMPDIR.")
    return {}


class _Client(NotebookClient):
    """Counts what is shown and how long it takes, over all cells."""

    def __init__(
        self,
        notebook: NotebookNode,
        manager: AsyncKernelManager,
        limits: RunLimits,
        processes: Processes,
    ) -> None:
        super().__init__(
            notebook,
            km=manager,
            startup_timeout=STARTUP_SECONDS,
            shutdown_kernel="immediate",
            coalesce_streams=True,
            log=SILENT,
        )
        self._leader: int | None = None  # the process of the kernel
        self._limits = limits
        self._processes = processes
        self._shown = 0  # bytes
        self._ends = 0.0
        self.timeout_func = lambda _: max(math.ceil(self._ends - time.monotonic()), 1)

    async def run(self, has_sql: bool, **how: Any) -> str:
        """Run the cells until one fails; its error, or nothing. Raises Broken."""
        first = self.nb.cells[0]
        try:
            async with self.async_setup_kernel(cleanup_kc=True, **how):
                self._ends = time.monotonic() + self._limits.seconds
                if has_sql:
                    await self.async_execute_cell(_cell(SQL_READY), 0, store_history=False)
                    self.nb.cells[0] = first
                for at, cell in enumerate(self.nb.cells):
                    await self.async_execute_cell(cell, at)
        except CellTimeoutError as error:
            raise too_slow(self._limits) from error
        except DeadKernelError as error:
            over = self._shown > self._limits.output_bytes
            raise (too_much if over else ended)(self._limits) from error
        except RuntimeError as error:
            raise Broken("The kernel of its environment does not start: try again.") from error
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}"
        finally:
            atexit.unregister(self._cleanup_kernel)  # left there if the kernel did not start
        return ""

    async def async_start_new_kernel(self, **how: Any) -> None:
        await super().async_start_new_kernel(**how)
        manager: Any = self.km
        self._leader = manager.provisioner.pid
        self._processes.add(manager.provisioner.pid)

    def end(self) -> None:
        if self._leader is not None:
            self._processes.end(self._leader)

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, at: int) -> Any:
        self._shown += len(json.dumps(msg["content"], default=str))
        if self._shown > self._limits.output_bytes:
            self.end()  # which is noticed within a second
            return None
        return super().process_message(msg, cell, at)


def _cell(source: str) -> NotebookNode:
    cell: NotebookNode = v4.new_code_cell(source)
    return cell


def _code(cell: WrittenCode) -> str:
    if cell.language == "sql":
        return f"_shown({cell.source!r}, _duckdb.sql({cell.source!r}))"
    return cell.source


def _outputs(cell: WrittenCode, executed: NotebookNode) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = json.loads(json.dumps(executed.outputs))
    for output in outputs:
        if output["output_type"] == "error" and cell.language == "sql":
            # Not the Python around it, which nobody wrote.
            output["traceback"] = [f"{output['ename']}: {output['evalue']}"]
    return outputs


def _traceback(outputs: list[list[dict[str, Any]]]) -> str:
    tracebacks = [o["traceback"] for cell in outputs for o in cell if o["output_type"] == "error"]
    return "\n".join(tracebacks[-1]) if tracebacks else ""
