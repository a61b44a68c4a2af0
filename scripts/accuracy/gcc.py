"""Calls as g++ writes them down with -fcallgraph-info, without optimisation.

A node is a function as it is compiled: an instance of a template, one of the variants of a
constructor, a function of the library. What stands in the project is told by its place and its
name, so nothing depends on how names are mangled, and an instance is its template.
"""
import collections
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shlex
import subprocess

NODE = re.compile(r'node: \{ title: "((?:[^"\\]|\\.)*)" label: "((?:[^"\\]|\\.)*)"')
EDGE = re.compile(r'edge: \{ sourcename: "((?:[^"\\]|\\.)*)" targetname: "((?:[^"\\]|\\.)*)"')
PLACE = re.compile(r"^(.*):(\d+):(\d+)$")

# A function as g++ knows it: where it stands, and its name with parameters.
Node = collections.namedtuple("Node", "path line column label")


def command_of(entry, output):
    words = entry.get("arguments") or shlex.split(entry["command"])
    while pathlib.Path(words[0]).name in ("ccache", "distcc", "sccache"):
        words = words[1:]
    kept, skip = [], False
    for word in words:
        if skip or word in ("-o", "-MF", "-MT"):
            skip = not skip
            continue
        if not re.match(r"-O|-g|-W|-c$|-MM?D$", word):
            kept.append(word)
    return kept + ["-O0", "-w", "-S", "-fcallgraph-info", "-MMD", "-o", str(output)]


def is_fresh(graph, entry):
    """Whether what was kept is of the files as they are now."""
    depends = graph.with_suffix(".d")
    if not graph.exists() or not depends.exists():
        return False
    words = depends.read_text().replace("\\\n", " ").split()[1:]
    made = graph.stat().st_mtime
    try:
        return all(os.stat(os.path.join(entry["directory"], word)).st_mtime < made
                   for word in words)
    except OSError:
        return False


def compile_unit(entry, folder):
    """The call graph of a unit, as a file; None if g++ does not compile it."""
    key = hashlib.md5(repr(sorted(entry.items())).encode()).hexdigest()
    output = folder / f"{key}.s"
    graph = output.with_suffix(".ci")
    if is_fresh(graph, entry):
        return graph
    done = subprocess.run(command_of(entry, output), cwd=entry["directory"], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    output.unlink(missing_ok=True)
    if done.returncode != 0 or not graph.exists():
        graph.unlink(missing_ok=True)
        return None
    return graph


def whole_object(title):
    """One title for the variants of a constructor or destructor (complete, base, deleting)."""
    return re.sub(r"D[012](?=E)", "D2", re.sub(r"C[12](?=E|I)", "C2", title))


class Gcc:
    """The functions and calls of all units."""

    def __init__(self, entries, root, jobs, folder):
        self.root = root
        self.nodes = collections.defaultdict(set)  # title: Nodes, of functions of the project
        self.calls = collections.defaultdict(set)  # title: titles that it calls
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            graphs = pool.map(lambda entry: compile_unit(entry, folder), entries)
            for entry, graph in zip(entries, graphs):
                if graph is None:
                    raise SystemExit(f"g++ does not compile {entry['file']}")
                self.read(graph.read_text(errors="replace"), entry["directory"])

    def read(self, text, directory):
        for line in text.splitlines():
            edge = EDGE.match(line)
            if edge:
                source, target = whole_object(edge[1]), whole_object(edge[2])
                if source != target or edge[1] == edge[2]:  # else a variant calls another
                    self.calls[source].add(target)
                continue
            node = NODE.match(line)
            if node:
                self.add(whole_object(node[1]), node[2].split("\\n"), directory)

    # What only one unit sees has the unit in its title, so a title is one function everywhere. A
    # unit that only declares it says the place of a declaration.
    def add(self, title, parts, directory):
        place = next((found for found in map(PLACE.match, parts[1:]) if found), None)
        if place is None:
            return
        path = os.path.realpath(os.path.join(directory, place[1]))
        if path.startswith(self.root + os.sep):
            path = path[len(self.root) + 1:]
            self.nodes[title].add(Node(path, int(place[2]), int(place[3]), parts[0]))
