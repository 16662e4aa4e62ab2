"""Stopping and restarting gunicorn without a request that fails.

gunicorn alone finishes what it has accepted, but leaves its socket listening until then and resets whoever has
connected meanwhile. Here a stop goes so:

1. For `drain` seconds /readyz says no and everything is still served, so that a proxy with health checks turns away.
2. The listening socket drops new connections (not those whose handshake has begun), what waits in its queue is taken
   in, and it is closed. The kernel of a client that was dropped tries again after a second and is refused: nothing was
   sent, so its proxy asks the next server, whatever the method of the request.
3. What runs is finished, at the latest when the time is up.

Where the socket is not ours alone, handed over by systemd or kept by the master during a reload, it stays open: whoever
connects waits in its queue for the next process. Then step 2 is left out.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
import time
from typing import Any

import structlog
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

log = structlog.get_logger(__name__)
SECONDS = 10
"""A stop is over within this; systemd and containers get a little more before they kill."""
_QUIET, _AT_MOST = 0.05, 1.0
_SO_ATTACH_FILTER = 26  # Linux, asm-generic/socket.h
_SYN_ONLY = (
    (0x30, 0, 0, 13),  # load the byte with the flags of the TCP header
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # a SYN without ACK opens a connection
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # let everything else pass
)


class StoppingArbiter(Arbiter):  # type: ignore[misc] # gunicorn has no types
    """The master: tells its workers to drain, and shuts the door before it is taken away."""

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001, FBT002 # gunicorn's signature
        if graceful:
            self._drain()
            if not (self.systemd or self.reexec_pid or self.master_pid):
                for listener in self.LISTENERS:
                    refuse_new(listener.sock)
        super().stop(graceful)

    def _drain(self) -> None:
        if self.app.drain:
            self.kill_workers(DrainingWorker.DRAIN)
            time.sleep(self.app.drain)


class DrainingWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """The worker: says that it is going, takes in the last who came, finishes them."""

    DRAIN = 10  # SIGUSR1: gunicorn has it for log files, of which there are none here

    def run(self) -> None:
        super().run()
        log.info("stopped", unfinished=self.nr_conns)

    def handle_usr1(self, _signal: int, _frame: Any) -> None:
        self.method_queue.defer(self._begin)  # a signal handler must not start threads

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 # gunicorn's signature
        """Also called by gunicorn when it leaves its loop, which is the moment to let the last ones in."""
        if self.alive:
            super().set_accept_enabled(enabled)
            return
        self._begin()
        self._take_in_the_last()
        log.info("no longer listening", running=self.nr_conns)
        super().set_accept_enabled(False)
        for listener in self.sockets:
            listener.close()

    def _begin(self) -> None:
        self.max_keepalived = 0  # each answer says "Connection: close"; what was promised to be kept stays for a while
        self.app.begin_stop()

    def _take_in_the_last(self) -> None:
        """Until nobody has come for a moment; where the door is open, for a second at most."""
        start = last = time.monotonic()
        while time.monotonic() < min(last + _QUIET, start + _AT_MOST):
            known = self.nr_conns
            self.wait_for_and_dispatch_events(timeout=_QUIET / 5)
            if self.nr_conns > known:
                last = time.monotonic()


def refuse_new(listener: socket.socket) -> None:
    """Drop the packets that open connections to `listener`, on Linux; elsewhere nothing happens."""
    if sys.platform != "linux" or listener.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in _SYN_ONLY))
    program = struct.pack("@HP", len(_SYN_ONLY), ctypes.addressof(code))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
