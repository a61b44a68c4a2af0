"""Functions and calls as callgraph-facts prints them."""
import collections
import json
import pathlib
import re
import subprocess

KINDS = ("virtual", "template", "static", "plain")


def last_name(name):
    """The name without what it belongs to: run of kipu::Loop::run, operator() of Less's."""
    found = re.search(r"(?:^|::)(operator\b.*|~?[^:]*)$", name)
    return found[1] if found else name


class Facts:
    """Of all files: symbols of functions by their ids, and who calls whom."""

    def __init__(self, program, database, root, jobs):
        self.root = pathlib.Path(root)
        text = subprocess.run([program, str(database), root, str(jobs)], check=True,
                              stdout=subprocess.PIPE).stdout.decode()
        self.places = collections.defaultdict(list)  # (path, line): (column, name, id)
        self.declared = collections.defaultdict(list)  # id: (path, line, column)
        self.defined = {}     # id: (path, line, column)
        self.signature = {}   # id: name with parameters; variables too
        self.name = {}        # id: qualified name
        self.overrides = collections.defaultdict(set)   # id: ids
        self.callers = collections.defaultdict(dict)    # id: {id: certainties}
        self.references = collections.defaultdict(set)  # id: ids that name it
        for line in text.splitlines():
            self.read(json.loads(line))
        self.virtual = set(self.overrides).union(*self.overrides.values())

    def read(self, file):
        for symbol in file["symbols"]:
            self.signature.setdefault(symbol["usr"], symbol["signature"])
            self.name.setdefault(symbol["usr"], symbol["name"])
            if symbol["kind"] in ("function", "method") and symbol["line"] > 0:
                self.add(file["path"], symbol)
        for edge in file["edges"]:
            if edge["relation"] == "overrides":
                self.overrides[edge["from"]].add(edge["to"])
            elif edge["relation"] == "calls":
                callers = self.callers[edge["to"]]
                callers.setdefault(edge["from"], set()).add(edge["certainty"])
            elif edge["relation"] == "references":
                self.references[edge["to"]].add(edge["from"])

    def add(self, path, symbol):
        usr, at = symbol["usr"], (path, symbol["line"], symbol["column"])
        entry = (symbol["column"], last_name(symbol["name"]), usr)
        if entry not in self.places[at[:2]]:
            self.places[at[:2]].append(entry)
        if at not in self.declared[usr]:
            self.declared[usr].append(at)
        if symbol["definition"]:
            self.defined[usr] = at

    def at(self, path, line, column, label=None):
        """The function whose name is here. What a macro writes stands in one place: there the
        label decides, which has the name before parameters. A name may begin with that of its
        class."""
        here = self.places.get((path, line), [])
        if label is not None:
            here = [entry for entry in here
                    if re.search(r"(?<![\w~])" + re.escape(entry[1]) + r"\s*[(<\[]", label)]
        exact = {usr for at, name, usr in here
                 if at == column or column < at and self.is_scope(path, line, column, at)}
        if len(exact) > 1:  # of a class that a macro writes, those that it deletes are declared
            exact &= self.defined.keys()
        return exact.pop() if len(exact) == 1 else None

    def is_scope(self, path, line, begin, end):
        """Whether this text is `Class::`."""
        text = (self.root / path).read_text().splitlines()[line - 1][begin - 1:end - 1]
        return re.fullmatch(r"[\w:<>, ]*::", text) is not None

    def around(self, node):
        """Of a lambda, the last function that begins before it in its file and is named in its
        label."""
        lines = sorted({line for path, line, _ in self.defined.values() if path == node.path})
        outside = node.label.split("<lambda")[0]
        for line in reversed(lines):
            if line > node.line:
                continue
            for _, name, usr in self.places[node.path, line]:
                if usr in self.defined and re.search(
                        r"(?<![\w~])" + re.escape(name) + r"\s*[(<\[]", outside):
                    return usr
        return None

    def is_named(self, usr, path, line, column):
        """Whether the function's name is in the text here, and this is no declaration."""
        text = (self.root / path).read_text().splitlines()[line - 1][column - 1:]
        declared = any(entry[0] == column for entry in self.places.get((path, line), ()))
        return text.startswith(last_name(self.name[usr])) and not declared

    def last_before(self, path, line):
        """The function that begins last before this line; in a TEST, its body."""
        lines = [at[1] for at in self.defined.values() if at[0] == path and at[1] <= line]
        here = [(name == "TestBody", usr) for _, name, usr in
                (self.places[path, max(lines)] if lines else []) if usr in self.defined]
        return max(here)[1] if here else None

    def scopes(self, usr):
        """The parts of the qualified name."""
        return re.sub(r"\(anonymous namespace\)", "anonymous", self.name[usr]).split("::")

    def label(self, usr):
        """What verdicts and reports call it: the signature and the file."""
        path = self.defined.get(usr, self.declared[usr][0])[0]
        return f"{self.signature[usr]} [{path}]"

    def kind(self, usr):
        if usr in self.virtual:
            return "virtual"
        if "@FT@" in usr or "@ST>" in usr or "@SP>" in usr:
            return "template"
        # What other units cannot see has its file in its id.
        return "plain" if usr.startswith("c:@") else "static"

    def overridden(self, usr):
        """All that the method overrides, through all levels."""
        found, todo = set(), [usr]
        while todo:
            for base in self.overrides.get(todo.pop(), ()):
                if base not in found:
                    found.add(base)
                    todo.append(base)
        return found

    def callers_of(self, usr):
        """Functions that call it: by its name, or through what it overrides."""
        certain = {"direct", "virtual", "heuristic"}
        found = {caller for caller, how in self.callers[usr].items() if how & certain}
        for base in self.overridden(usr):
            found |= {caller for caller, how in self.callers[base].items() if "virtual" in how}
        return {caller for caller in found if caller in self.declared}

    def callers_through_pointers(self, usr):
        """Functions that call a variable that was given this function."""
        holders = {holder for holder, how in self.callers[usr].items() if "pointer" in how}
        found = set()
        for holder in holders:
            if holder in self.declared:  # the pointer is a local variable of this function
                found.add(holder)
            found |= {caller for caller, how in self.callers[holder].items() if "pointer" in how}
        return {caller for caller in found if caller in self.declared}
