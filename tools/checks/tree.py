"""The source tree as the checks see it: tracked files, their text, and C++ with comments and strings blanked."""
import re
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SKIPPED = {".git", "build", "out", ".cache", "__pycache__"}


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, and what was expected there."""
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Tree:
    """Files are paths relative to the root, with '/'."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = sorted(self._list())

    def _list(self):
        if (self.root / ".git").exists():
            listing = subprocess.run(
                ["git", "ls-files", "-co", "--exclude-standard", "-z"],
                cwd=self.root, capture_output=True, check=True).stdout.decode()
            return [name for name in listing.split("\0") if name and (self.root / name).is_file()]
        paths = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return [path.as_posix() for path in paths if not SKIPPED & set(path.parts)]

    @lru_cache(maxsize=None)
    def text(self, name):
        """The file's text; empty for binary files."""
        data = (self.root / name).read_bytes()
        return "" if b"\0" in data else data.decode("utf-8", "replace")

    @lru_cache(maxsize=None)
    def code(self, name):
        """C++ text of equal length and lines, with the inside of comments and literals blanked."""
        return blank(self.text(name))

    def cpp(self, folders=None):
        """Headers and sources, of these folders or of all."""
        for name in self.files:
            if name.endswith((".h", ".cc")):
                if folders is None or any(name.startswith(folder + "/") for folder in folders):
                    yield name


# Alternatives in the order in which the language reads them; an #include keeps its text.
TOKEN = re.compile(
    r'(?P<include>^[ \t]*#[ \t]*include[^\n]*)'
    r'|(?P<line>//[^\n]*)'
    r'|(?P<block>/\*.*?\*/)'
    r'|(?P<raw>R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*')",
    re.S | re.M)


def blank(text):
    def replace(match):
        if match.lastgroup == "include" or match.group("include"):
            return match.group(0)
        return re.sub(r"[^\n]", " ", match.group(0))
    return TOKEN.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
