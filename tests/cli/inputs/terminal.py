"""terminal.py SLUICE FOLDER: what a person at a terminal sees."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

sluice, folder = sys.argv[1], Path(sys.argv[2])


class Terminal:
    """A command whose standard output and error are one terminal, and whose input is a pipe."""

    def __init__(self, *command, **environment):
        self.text = ""
        self.screen, other = pty.openpty()
        environment = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **environment}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=other, stderr=other, env=environment)
        os.close(other)

    def read(self):
        try:
            piece = os.read(self.screen, 65536).decode()
        except OSError:  # Linux's way to say that the other side is closed
            piece = ""
        self.text += piece
        return bool(piece)

    def wait_for(self, words):
        while words not in self.text:
            if not self.read():
                sys.exit(f"`{words}` never appeared:\n{self.text}")

    def finish(self):
        self.process.stdin.close()
        while self.read():
            pass
        return self.process.wait()


def expect(condition, what, text):
    if not condition:
        sys.exit(f"{what}:\n{text!r}")


def status_line():
    terminal = Terminal(sluice, "run", str(folder / "numbers.flow"))
    terminal.process.stdin.write(b"1\n2\n")
    terminal.process.stdin.flush()
    terminal.wait_for("running 00:0")
    expect(terminal.finish() == 0, "a job on a terminal fails", terminal.text)
    before, _, table = terminal.text.rpartition("\r\x1b[K")
    expect("running" in before and "count" not in before, "the status line is not alone on its line", terminal.text)
    expect(table.split() == ["count", "─" * len(table.split()[1]), "2"], "the table is not below it", terminal.text)


def waiting():
    for program, flags, reason in [
        ("window.flow", ["nexmark.events=0", "nexmark.pace=real"], "first window due in 1h"),
        ("total.flow", ["nexmark.events=1000000000", "nexmark.pace=real"], "results come when the input ends"),
        ("none.flow", ["nexmark.events=0"], "no row has passed; `sluice explain"),
    ]:
        params = [word for flag in flags for word in ("--param", flag)]
        terminal = Terminal(sluice, "run", str(folder / program), *params)
        terminal.wait_for(reason)
        expect("  in " in terminal.text and "out 0/s" in terminal.text, "no rates", terminal.text)
        terminal.process.send_signal(signal.SIGINT)
        terminal.finish()
    terminal = Terminal(sluice, "run", str(folder / "numbers.flow"))
    terminal.wait_for("nothing has come in yet")
    terminal.finish()


def late_rows():
    terminal = Terminal(sluice, "run", str(folder / "late.flow"))
    terminal.process.stdin.write(b"2024-01-01T00:00:00Z\n2024-01-01T00:00:05Z\n2024-01-01T00:00:00Z\n")
    terminal.process.stdin.flush()
    terminal.wait_for("  lag 1.0s  late 1")
    expect(terminal.finish() == 0, "late rows make a job fail", terminal.text)


def interrupted():
    terminal = Terminal(sluice, "run", str(folder / "numbers.flow"))
    terminal.wait_for("running 00:0")
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("stopped; nothing was kept")
    expect(terminal.finish() == 130, "Ctrl-C does not end with 130", terminal.text)


def colors():
    red = "\x1b[1;31m"
    for flags, environment, wanted in [([], {}, True), ([], {"NO_COLOR": "1"}, False), ([], {"TERM": "dumb"}, False),
                                       (["--color", "never"], {}, False),
                                       (["--color", "always"], {"NO_COLOR": "1"}, True)]:
        terminal = Terminal(sluice, "check", str(folder / "bad.flow"), *flags, **environment)
        expect(terminal.finish() == 1, "a wrong program is not refused", terminal.text)
        expect((red in terminal.text) == wanted, f"colors with {flags} {environment}", terminal.text)


status_line()
waiting()
late_rows()
interrupted()
colors()
