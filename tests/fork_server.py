"""Processes of the bot that are forked from one which has imported everything, as `python -m` would do for each anew.

A child is a process of its own: it has its own arguments, environment, folder and streams, can be killed, and leaves
nothing behind in the tests. What importing in another order would show is not what these tests look for; those of the
command line and of the wheel start an interpreter.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import os
import pkgutil
import resource
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 1 << 17
"""Bytes of an order: its words and its environment."""

# --- the side of the tests --------------------------------------------------------------------------------------------


class Child:
    """A process, with the streams that were asked for as file descriptors of this one."""

    def __init__(
        self,
        module: str,
        *words: str,
        environment: Mapping[str, str],
        folder: Path = ROOT,
        streams: str = "2",
        full_disk: bool = False,
    ) -> None:
        """Start a module with words. `streams` names those that are ours to use: `0`, `1`, `2`; others are null. With
        `full_disk` it can write to no file."""
        self.pipes = dict[int, int]()
        theirs = list[int]()
        for number in range(3):
            inner, outer = os.pipe() if str(number) in streams else (os.open(os.devnull, os.O_RDWR), -1)
            if number and outer >= 0:
                inner, outer = outer, inner
            theirs.append(inner)
            if outer >= 0:
                self.pipes[number] = outer
        self.status, told = os.pipe()
        order: dict[str, Any] = {"module": module, "words": words, "environment": dict(environment)}
        order |= {"folder": str(folder), "full_disk": full_disk}
        socket.send_fds(_server(), [json.dumps(order).encode()], [*theirs, told])
        for number in (*theirs, told):
            os.close(number)
        self._said = b""
        self.returncode: int | None = None
        self.pid = int(self._line())

    def wait(self, seconds: float | None = None) -> int:
        """Return the exit code, negative for a signal, once it has ended."""
        if self.returncode is None:
            if b"\n" not in self._said and not select.select([self.status], [], [], seconds)[0]:
                raise subprocess.TimeoutExpired("fork", seconds or 0)
            self.returncode = int(self._line())
            os.close(self.status)
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit code if it has ended."""
        if self.returncode is None and (b"\n" in self._said or select.select([self.status], [], [], 0)[0]):
            self.wait()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _line(self) -> bytes:
        while b"\n" not in self._said:
            if not (more := os.read(self.status, 100)):
                raise RuntimeError("the process that others are forked from has ended")
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        return line


class AsyncChild:
    """The same for an event loop, as far as `asyncio.subprocess.Process` is used here."""

    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader

    def __init__(self, child: Child) -> None:
        self._child = child
        self.pid = child.pid

    @property
    def returncode(self) -> int | None:
        return self._child.poll()

    def kill(self) -> None:
        self._child.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._child.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        if self._child.poll() is None:
            ended, loop = asyncio.Event(), asyncio.get_running_loop()
            loop.add_reader(self._child.status, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(self._child.status)
        return self._child.wait()


async def started(module: str, *words: str, **given: Any) -> AsyncChild:
    """Return a process that runs a module, as `Child` takes it; the streams named are to be read, or written to."""
    child = Child(module, *words, **given)
    made, loop = AsyncChild(child), asyncio.get_running_loop()
    for number, pipe in child.pipes.items():
        if number:
            reader = asyncio.StreamReader(limit=1 << 20)
            await loop.connect_read_pipe(lambda to=reader: asyncio.StreamReaderProtocol(to), os.fdopen(pipe, "rb", 0))  # type: ignore[misc]
            setattr(made, ("", "stdout", "stderr")[number], reader)
        else:
            transport, protocol = await loop.connect_write_pipe(
                asyncio.streams.FlowControlMixin, os.fdopen(pipe, "wb", 0)
            )
            made.stdin = asyncio.StreamWriter(transport, protocol, None, loop)
    return made


def run(module: str, *words: str, stdin: str = "", **given: Any) -> subprocess.CompletedProcess[str]:
    """Return what a module did, as `subprocess.run` does; what is `given` is as in `Child`."""

    async def whole() -> subprocess.CompletedProcess[str]:
        child = await started(module, *words, streams="012", **given)
        child.stdin.write(stdin.encode())
        child.stdin.close()
        out, err = await asyncio.gather(child.stdout.read(), child.stderr.read())
        return subprocess.CompletedProcess((module, *words), await child.wait(), out.decode(), err.decode())

    return asyncio.run(whole())


@cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = (sys.executable, "-m", __name__, str(theirs.fileno()))
    process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)  # which is what it ends for, and comes first
    return ours


# --- the side of the process ------------------------------------------------------------------------------------------


def serve(orders: socket.socket) -> None:
    """Fork for every order, and tell of each child its number, and how it ended."""
    import bot

    for found in pkgutil.walk_packages(bot.__path__, "bot."):
        if not found.name.endswith("__main__") and ".migrations" not in found.name:
            import_module(found.name)
    _remember()
    gc.freeze()  # so that no child's collector writes into the memory that all share
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    children = dict[int, int]()
    while True:
        ready, _, _ = select.select([orders.fileno(), wake], [], [])
        if wake in ready:
            os.read(wake, 100)
        _bury(children)
        if orders.fileno() in ready:
            data, given, _, _ = socket.recv_fds(orders, LARGEST, 4)
            if not data:
                os._exit(0)
            *streams, told = given
            if not (number := os.fork()):
                orders.close()
                _be(json.loads(data), streams, [*given, wake, woken, *children.values()])
            for stream in streams:
                os.close(stream)
            os.write(told, f"{number}\n".encode())
            children[number] = told


def _remember() -> None:
    """Read the shipped content and its models, if they are there, and let each child that finds the same bytes, or the
    same file of models, take what was read: what reading them gives has tests of its own."""
    from bot.content.files import FileReader, cache_folder
    from bot.content.loader import load
    from bot.content.models import Register
    from bot.dialog.composer import Composer
    from bot.matching import data_of, training
    from tests.remembered import read_once

    known = dict[tuple[Any, ...], Any]()
    stored = training.stored

    def stored_once(data: Any, cache: Path) -> Any:
        """Return the models of a file as they were read before, unless it was written anew."""
        file = training._file(data, cache)
        if not file.exists():
            return None
        state = file.stat()
        key = (file, state.st_ino, state.st_size, state.st_mtime_ns)
        if key not in known:
            known[key] = stored(data, cache)
        return known[key]

    FileReader.model, training.stored = read_once, stored_once  # type: ignore[method-assign]
    library = load(ROOT / "dialogs", ROOT / "content")
    stored_once(data_of(library), cache_folder())
    for register in Register:  # which compiles the templates that every start needs
        for topic in library.topics:
            Composer(library).pictures(topic, register)


def _bury(children: dict[int, int]) -> None:
    """Tell how each child that has ended did so."""
    for number, told in list(children.items()):
        ended, status = os.waitpid(number, os.WNOHANG)
        if ended:
            with suppress(BrokenPipeError):
                os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os.close(told)
            del children[number]


def _be(order: dict[str, Any], streams: Sequence[int], unused: Sequence[int]) -> None:
    """Be a process of its own: run the module as a program, and end as an interpreter does."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in unused:
        os.close(stream)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    if order["full_disk"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = [order["module"], *order["words"]]
    code = 0
    try:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
