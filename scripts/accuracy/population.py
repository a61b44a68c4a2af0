"""Which functions may be in the sample: those that nothing outside of the units read can call.

Told from the text alone, by no tool that is compared: a file that is not read could call a function
if it includes, itself or through others, a file that declares it, and has its name. What runs
without being named (constructors, destructors, operators, begin and end) is left out as soon as a
file that is not read includes its declaration. A virtual function may be called where any of its
name is declared. What is generated is not in git, and so not in the sample.
"""
import pathlib
import re
import subprocess

SILENT = re.compile(r"~|operator\b|begin$|end$")


class Population:
    def __init__(self, root, sources):
        listed = subprocess.run(["git", "-C", root, "ls-files", "*.h", "*.cc", "*.c"], check=True,
                                stdout=subprocess.PIPE).stdout.decode().split("\n")
        self.virtual = {}  # name: files
        self.texts = texts = {path: pathlib.Path(root, path).read_text() for path in listed if path}
        self.words = {path: set(re.findall(r"\w+", text)) for path, text in texts.items()}
        self.included = {path: self.direct(text, texts) for path, text in texts.items()}
        self.reach = {}
        self.read = set().union(*(self.includes(source) for source in sources))
        self.unread = [path for path in texts if path not in self.read]

    @staticmethod
    def direct(text, texts):
        named = re.findall(r'#include\s*["<]([^">]+)[">]', text)
        return {path for name in named for path in (name, "client/include/" + name)
                if path in texts}

    def includes(self, path):
        """The file and all that it includes."""
        if path not in self.reach:
            seen, todo = {path}, [path]
            while todo:
                fresh = self.included[todo.pop()] - seen
                seen |= fresh
                todo += fresh
            self.reach[path] = seen
        return self.reach[path]

    def declares_virtual(self, name):
        """The files that declare a virtual function of this name, in any class."""
        if name not in self.virtual:
            said = re.compile(r"\bvirtual\b[^;{}]*?\b" + re.escape(name) + r"\s*\(")
            self.virtual[name] = {path for path in self.read if said.search(self.texts[path])}
        return self.virtual[name]

    def is_closed(self, name, owner, declared, is_virtual):
        """Whether no file that is not read could call the function, by its last name, that of its
        class, and the files that declare it."""
        if any(path not in self.texts for path in declared):
            return False
        silent = SILENT.match(name) is not None or name == owner
        if is_virtual:
            declared = declared | self.declares_virtual(name)
        for path in self.unread:
            sees = not declared.isdisjoint(self.includes(path))
            if sees and (silent or name in self.words[path]):
                return False
        return True
