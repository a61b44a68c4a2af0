"""Calls as clangd finds them in its index: by name, through virtual functions too.

clangd knows what is written: no destructor that runs silently, and of a template's body only what
it says for every instance.
"""
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import urllib.parse

# That `path` has the name of a function here; lines and columns from 1.
Position = collections.namedtuple("Position", "path line column")
# One who names the function: where it stands itself, its name, the places, and which are calls.
Caller = collections.namedtuple("Caller", "position name places")


class Clangd:
    """A server that has indexed all of `entries`; requests and answers take turns."""

    def __init__(self, entries, root, jobs, folder):
        self.root = root
        self.next_id = 0
        self.opened = set()
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(entries)
        database = folder / "compile_commands.json"
        if not database.exists() or database.read_text() != text:
            database.write_text(text)
        program = shutil.which("clangd-19")
        if program is None:
            raise SystemExit("there is no clangd-19: scripts/setup --optional installs it")
        self.server = subprocess.Popen(
            [program, f"--compile-commands-dir={folder}", "--background-index", f"-j={jobs}",
             "--background-index-priority=normal", "--log=error", "--pch-storage=memory",
             "--limit-references=0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.request("initialize", {
            "processId": os.getpid(), "rootUri": "file://" + root,
            "capabilities": {"window": {"workDoneProgress": True},
                             "textDocument": {"callHierarchy": {}}}})
        self.send({"method": "initialized", "params": {}})
        self.open(os.path.relpath(entries[0]["file"], root))
        while not self.indexed(self.receive()):
            pass

    def stop(self):
        self.request("shutdown", None)
        self.send({"method": "exit"})
        self.server.wait()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def receive(self):
        size = 0
        while (line := self.server.stdout.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        if size == 0:
            raise SystemExit("clangd ended")
        message = json.loads(self.server.stdout.read(size))
        if "method" in message and "id" in message:  # it asks whether it may show progress
            self.send({"id": message["id"], "result": None})
        return message

    @staticmethod
    def indexed(message):
        params = message.get("params", {})
        return message.get("method") == "$/progress" and \
            params.get("token") == "backgroundIndexProgress" and \
            params["value"]["kind"] == "end"

    def request(self, method, params):
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        while True:
            message = self.receive()
            if message.get("id") == self.next_id and "method" not in message:
                return message.get("result")

    def uri(self, path):
        return "file://" + urllib.parse.quote(os.path.join(self.root, path))

    def open(self, path):
        if path in self.opened:
            return
        self.opened.add(path)
        text = pathlib.Path(self.root, path).read_text()
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": {
            "uri": self.uri(path), "languageId": "cpp", "version": 1, "text": text}}})

    def position(self, location):
        path = urllib.parse.unquote(urllib.parse.urlparse(location["uri"]).path)
        at = (location.get("selectionRange") or location["range"])["start"]
        return Position(os.path.relpath(path, self.root), at["line"] + 1, at["character"] + 1)

    def ask(self, method, at):
        self.open(at.path)
        return self.request(method, {
            "textDocument": {"uri": self.uri(at.path)},
            "position": {"line": at.line - 1, "character": at.column - 1}}) or []

    def callers(self, at):
        """Who names the function that is declared or defined at this position."""
        found = []
        for item in self.ask("textDocument/prepareCallHierarchy", at):
            for call in self.request("callHierarchy/incomingCalls", {"item": item}) or []:
                source = call["from"]
                places = [self.place(source["uri"], place) for place in call["fromRanges"]]
                found.append(Caller(self.position(source), source["name"], places))
        return found

    def references(self, at):
        """All places that name it. The call hierarchy leaves out some that stand in macros."""
        self.open(at.path)
        places = self.request("textDocument/references", {
            "textDocument": {"uri": self.uri(at.path)},
            "position": {"line": at.line - 1, "character": at.column - 1},
            "context": {"includeDeclaration": False}}) or []
        return [self.place(place["uri"], place["range"]) for place in places]

    def place(self, uri, span):
        """A position, and whether arguments follow the name there."""
        at = self.position({"uri": uri, "range": span})
        lines = pathlib.Path(self.root, at.path).read_text().splitlines()
        end = span["end"]
        rest = lines[end["line"]][end["character"]:] if end["line"] < len(lines) else ""
        return at, re.match(r"\s*[({<]", rest) is not None

    def overridden(self, at):
        """What the method overrides: clangd goes there from the word `override`."""
        lines = pathlib.Path(self.root, at.path).read_text().splitlines()
        for line in range(at.line, min(at.line + 8, len(lines) + 1)):
            text = lines[line - 1]
            begin = at.column - 1 if line == at.line else 0
            word = re.compile(r"\b(override|final)\b").search(text, begin)
            end = re.compile(r"[;{]").search(text, begin)
            if word and (not end or word.start() < end.start()):
                places = self.ask("textDocument/definition",
                                  Position(at.path, line, word.start() + 1))
                return [self.position(place) for place in places]
            if end:
                return []
        return []
