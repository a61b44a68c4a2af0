"""What the recordings of terminal sessions share: a cluster, a program on a terminal of its own into
which lines are typed, enough of a terminal's screen to read what comes, and a picture of it.
"""
import contextlib
import fcntl
import html
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "examples"
PATIENCE = 60


class Screen:
    """Enough of a terminal for what line editors and our programs write; colours are left out."""

    def __init__(self):
        self.lines, self.row, self.column = [[]], 0, 0

    def feed(self, text):
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b.|[^\x1b]", text, re.S):
            if part.startswith("\x1b["):
                self.control(part[-1], int(part[2:-1]) if part[2:-1].isdigit() else None)
            elif not part.startswith("\x1b"):
                self.put(part)

    def control(self, kind, number):
        line = self.lines[self.row]
        if kind == "G":
            self.column = (number or 1) - 1
        elif kind == "K" or kind == "J":
            del line[self.column:]
        elif kind == "C":
            self.column += number or 1
        elif kind == "D":
            self.column = max(0, self.column - (number or 1))
        elif kind == "P":
            del line[self.column:self.column + (number or 1)]
        elif kind == "@":
            line[self.column:self.column] = [" "] * (number or 1)

    def put(self, sign):
        if sign == "\r":
            self.column = 0
        elif sign == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append([])
        elif sign == "\b":
            self.column = max(0, self.column - 1)
        elif sign >= " ":
            line = self.lines[self.row]
            line.extend(" " * (self.column + 1 - len(line)))
            line[self.column] = sign
            self.column += 1

    def text(self):
        return [re.sub(r"\s+$", "", "".join(line)) for line in self.lines]

    def current(self):
        return "".join(self.lines[self.row][:self.column])


class Session:
    """A program on a terminal; `prompt` matches the end of the line on which it awaits the next."""

    def __init__(self, command, folder, environment, prompt, columns=140):
        self.screen, self.rest, self.prompt = Screen(), b"", re.compile(prompt + "$")
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execve(command[0], [pathlib.Path(command[0]).name, *command[1:]], environment)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))

    def read(self, seconds):
        """Whether something came within so many seconds; the end counts as nothing."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        if not ready:
            return False
        try:
            self.rest += os.read(self.terminal, 65536)
        except OSError:
            return False
        text = self.rest.decode(errors="ignore")
        self.rest = b""
        self.screen.feed(text)
        return True

    def wait_for(self, holds):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise SystemExit("the program does not answer:\n" + "\n".join(self.screen.text()))
            self.read(0.1)

    def wait_for_prompt(self):
        self.wait_for(lambda: self.prompt.search(self.screen.current()))

    def run(self, line):
        for sign in line:
            before = self.screen.current()
            os.write(self.terminal, sign.encode())
            self.wait_for(lambda: self.screen.current() != before)
        row = self.screen.row
        os.write(self.terminal, b"\r")
        self.wait_for(lambda: self.screen.row > row or not self.alive())

    def alive(self):
        if self.process and os.waitpid(self.process, os.WNOHANG) != (0, 0):
            self.process = None
        return self.process is not None

    def close(self):
        """Waits for the end, and returns the lines that are to be seen."""
        while self.read(1):
            pass
        os.close(self.terminal)
        lines = self.screen.text()
        while lines and not lines[-1]:
            lines.pop()
        return lines


def as_svg(lines, title, prompt):
    width, height = 8 * max(map(len, lines)) + 32, 18 * len(lines) + 32
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" font-family="monospace" font-size="13">',
           f'<title>{html.escape(title)}</title>',
           f'<rect width="{width}" height="{height}" rx="6" fill="#1d2329"/>']
    for number, line in enumerate(lines):
        match = re.match(prompt, line)
        shown = html.escape(line)
        colour = "#d7dde3"
        if match:
            end = len(html.escape(match[0]))
            shown = f'<tspan fill="#7fb069">{shown[:end]}</tspan>{shown[end:]}'
            colour = "#ffffff"
        out.append(f'<text x="16" y="{30 + 18 * number}" fill="{colour}" xml:space="preserve" '
                   f'textLength="{7.8 * len(line):.1f}">{shown}</text>' if line else "")
    return "\n".join(filter(None, out)) + "\n</svg>\n"


@contextlib.contextmanager
def cluster(folder, binaries, environment):
    """A cluster of three workers in `folder`; the environment then names its broker."""
    process = subprocess.Popen(
        [binaries / "kipu", "up", "--port", "0", "--data", folder / "data"], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while "serving at" not in (line := process.stderr.readline()):
            if not line:
                raise SystemExit("the cluster did not start")
        environment["KIPU_BROKER"] = (folder / "data" / "endpoint").read_text().strip()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def publish(name, lines, title, prompt):
    """Writes docs/examples/NAME.txt and NAME.svg, and shows the session."""
    DOCS.mkdir(exist_ok=True)
    (DOCS / f"{name}.txt").write_text("\n".join(lines) + "\n")
    (DOCS / f"{name}.svg").write_text(as_svg(lines, title, prompt))
    print("\n".join(lines))
