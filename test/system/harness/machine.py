# SPDX-License-Identifier: BSD-2-Clause
"""One QEMU and its console.

A `Machine` is a context manager: QEMU is stopped at the end of the block, also
after an exception.  When this process is killed, the host kills QEMU too.
"""

import ctypes
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from .console import Text

PR_SET_PDEATHSIG = 1
READ_BYTES = 1 << 16
TRANSCRIPT_MAX_BYTES = 64 << 20
TAIL_LINES = 60

_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """The property that the case tests does not hold."""


def slowness():
    """The factor by which each deadline is multiplied, for slow or busy machines."""
    try:
        return max(1.0, float(os.environ.get("WARREN_TEST_SLOW", "1")))
    except ValueError:
        return 1.0


def _lead_session():
    """Runs in the child before the command: a new process group, which dies with this process."""
    os.setsid()
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    def __init__(self, command, transcript, budget_s, use_pty=False, variables=None):
        self.command = [str(word) for word in command]
        self.transcript_path = transcript
        self.budget_s = budget_s * slowness()
        self.use_pty = use_pty
        self.variables = {**os.environ, **(variables or {})}
        self.text = Text()
        self.at = 0
        self.process = None
        self._read_fd = self._write_fd = -1
        self._byte_count = 0

    def __enter__(self):
        self.deadline = time.monotonic() + self.budget_s
        self._transcript = open(self.transcript_path, "wb")
        if self.use_pty:
            self._start_on_pty()
        else:
            self._start_on_pipes()
        return self

    def _start_on_pty(self):
        """Starts the command on a terminal that turns Ctrl-C into a signal, as a person's terminal does."""
        ours, self.terminal = pty.openpty()

        def on_terminal():
            _lead_session()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(self.command, stdin=self.terminal, stdout=self.terminal,
                                        stderr=self.terminal, env=self.variables, preexec_fn=on_terminal)
        self._read_fd = self._write_fd = ours

    def _start_on_pipes(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=self.variables,
                                        preexec_fn=_lead_session)
        self._read_fd = self.process.stdout.fileno()
        self._write_fd = self.process.stdin.fileno()

    def __exit__(self, kind, *_):
        if self.is_group_alive():  # also processes that the command started and left behind
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        if kind is None or issubclass(kind, Exception):
            while self._read(0):
                pass
        self._transcript.close()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        if self.use_pty:
            os.close(self._read_fd)
            os.close(self.terminal)

    @property
    def pid(self):
        return self.process.pid

    def is_group_alive(self):
        """Whether the command, or a process that it started, is still there."""
        self.process.poll()
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _read(self, wait_s):
        """Reads what has arrived.  False at the end of the console, and when nothing arrived in `wait_s`."""
        if not select.select([self._read_fd], [], [], max(0, wait_s))[0]:
            return False
        try:
            data = os.read(self._read_fd, READ_BYTES)
        except OSError:  # a pty whose other side is closed
            data = b""
        self._byte_count += len(data)
        if self._byte_count > TRANSCRIPT_MAX_BYTES:
            raise Failure("the console never stops printing")
        self._transcript.write(data)
        self._transcript.flush()
        self.text.feed(data)
        return bool(data)

    def _left(self, timeout_s):
        return min(time.monotonic() + timeout_s * slowness(), self.deadline)

    def _ended(self):
        """True when QEMU has ended and its whole output has been read."""
        return self.process.poll() is not None and not self._read(0)

    def expect(self, pattern, timeout_s=60, unless=None):
        """Waits for `pattern` (multi-line) in the text after the last match, and returns the match.

        Fails at the deadline, when QEMU ends first, or when `unless` comes before it.
        """
        wanted = re.compile(pattern, re.M)
        spoiler = re.compile(unless, re.M) if unless else None
        until = self._left(timeout_s)
        while True:
            found = wanted.search(self.text.clean, self.at)
            spoilt = spoiler and spoiler.search(self.text.clean, self.at, found.start() if found else 1 << 62)
            if spoilt:
                raise Failure(f'"{spoilt.group()}" came while waiting for /{pattern}/')
            if found:
                self.at = found.end()
                return found
            left = until - time.monotonic()
            if left <= 0:
                raise Failure(f"/{pattern}/ did not come within {timeout_s * slowness():.0f} s")
            if not self._read(min(left, 0.25)) and self._ended():
                if not wanted.search(self.text.clean, self.at):
                    raise Failure(f"QEMU ended ({self.process.returncode}) before /{pattern}/ came")

    def expect_silence_of(self, pattern, for_s):
        """Fails when `pattern` comes within that time; the end of QEMU fails too."""
        unwanted = re.compile(pattern, re.M)
        until = time.monotonic() + for_s
        while time.monotonic() < until:
            self._read(0.1)
            found = unwanted.search(self.text.clean, self.at)
            if found:
                raise Failure(f'"{found.group()}" came, and should not have')
            if self._ended():
                raise Failure(f"QEMU ended ({self.process.returncode})")

    def expect_running(self, for_s):
        """Fails when QEMU ends within that time."""
        self.expect_silence_of(r"(?!)", for_s)

    def send(self, text):
        """Types `text` unchanged.  Reads the console meanwhile, so that neither side blocks the other."""
        data = text.encode("latin-1")
        until = self._left(30)
        while data:
            if time.monotonic() > until:
                raise Failure("the console takes no more input")
            readable, writable, _ = select.select([self._read_fd], [self._write_fd], [], 1)
            if readable:
                self._read(0)
            if writable:
                try:
                    data = data[os.write(self._write_fd, data[:256]):]
                except OSError as error:
                    raise Failure(f"QEMU's console is closed: {error.strerror}") from None
            if self._ended():
                raise Failure(f"QEMU ended ({self.process.returncode}) while typing")

    def line(self, text=""):
        """Types a line."""
        self.send(text + "\r")

    def wait_exit(self, timeout_s=60):
        """Waits until QEMU ends by itself, and returns its exit status."""
        until = self._left(timeout_s)
        while self.process.poll() is None:
            left = until - time.monotonic()
            if left <= 0:
                raise Failure(f"QEMU did not end within {timeout_s * slowness():.0f} s")
            if not self._read(min(left, 0.25)) and left > 0.02:
                time.sleep(0.02)
        while self._read(0):
            pass
        return self.process.returncode

    def expect_exit(self, status, timeout_s=60):
        """Fails unless QEMU ends by itself with `status`; None stands for any status but 0."""
        got = self.wait_exit(timeout_s)
        if got != status if status is not None else got == 0:
            raise Failure(f"QEMU ended with {got}, not {'a failure' if status is None else status}")

    def cpu_seconds(self):
        """The processor time that QEMU has used, in user and kernel mode."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stream:
            fields = stream.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self):
        """The peak of the host memory that QEMU has used so far."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM:"))

    def busy_share(self, over_s):
        """Waits `over_s`, reading the console, and returns the share of one core that QEMU used."""
        before, begin = self.cpu_seconds(), time.monotonic()
        until = begin + over_s
        while time.monotonic() < until:
            self._read(until - time.monotonic())
            if self._ended():
                raise Failure(f"QEMU ended ({self.process.returncode})")
        return (self.cpu_seconds() - before) / (time.monotonic() - begin)

    def tail(self):
        """The last lines of the transcript."""
        return self.text.clean.splitlines()[-TAIL_LINES:]
