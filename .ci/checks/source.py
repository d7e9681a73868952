"""Reads the project's files once and offers them in the forms that checks look at.

A C++ source is seen three ways: as it is, as code (comments and the insides of literals blanked)
and as comments alone. Blanking keeps every newline, so that a line number is the same in each.
"""

import os
import re
from bisect import bisect_right

TOP_FOLDERS = (
    "runtime",
    "gpu",
    "faults",
    "sim",
    "scenarios",
    "reports",
    "cli",
    "property_tests",
    "benchmarks",
)
SKIPPED_FOLDERS = {".git", "build", "out", "thresher-out", "__pycache__", "node_modules"}
CPP = (".h", ".cc", ".cu", ".cuh")

_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r'|(?P<raw>\b(?:u8|[uUL])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<number>(?<![\w.])\d(?:'?[\w.])*)"
    r"|(?P<char>'(?:\\.[^'\n]*|[^'\\\n])')",
    re.S,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)


class Problem:
    """One finding: where it is, what is wrong with which value, and what to do about it."""

    def __init__(self, path, line, what, remedy):
        self.path, self.line, self.what, self.remedy = path, line, what, remedy

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}; {self.remedy}"

    def key(self):
        return (self.path, self.line, self.what)


def _blanked(text, filler=" "):
    return re.sub(r"[^\n]", filler, text)


def split_code(text):
    """Returns (code, comments) of a C++ text; literals become their quotes around `S`."""
    code, comments, last = [], [], 0
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "number":
            continue
        gap, body = text[last : match.start()], match.group(0)
        code.append(gap)
        comments.append(_blanked(gap))
        if match.group("comment") is not None:
            code.append(_blanked(body))
            comments.append(body)
        else:
            quote = body[-1]
            code.append(quote + _blanked(body[1:-1], "S") + quote)
            comments.append(_blanked(body))
        last = match.end()
    code.append(text[last:])
    comments.append(_blanked(text[last:]))
    return "".join(code), "".join(comments)


class SourceFile:
    """A text file of the project, named by its path from the root."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.lines = text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self.extension = os.path.splitext(path)[1]
        self.is_cpp = self.extension in CPP
        self.is_header = self.extension in (".h", ".cuh")
        self.is_test = path.endswith("_test.cc") or path.endswith("_test.h")
        self.folder = path.split("/")[0] if "/" in path else ""
        self._code = self._comments = None
        self._starts = [0] + [match.end() for match in re.finditer("\n", text)]

    def _split(self):
        if self._code is None:
            self._code, self._comments = split_code(self.text) if self.is_cpp else (self.text, "")

    @property
    def code(self):
        self._split()
        return self._code

    @property
    def comments(self):
        self._split()
        return self._comments

    def line_of(self, position):
        """The line number, from 1, of an offset into any of the three forms."""
        return bisect_right(self._starts, position)

    def includes(self):
        """(line, opening character, name) of each include; those in comments are none."""
        found = []
        for match in _INCLUDE.finditer(self.text):
            if self.code[match.start() : match.end()].lstrip().startswith("#"):
                found.append((self.line_of(match.start(1)), match.group(1), match.group(2)))
        return found

    def conditional_lines(self):
        """The numbers of the lines that stand within an #if."""
        depth, inside = 0, set()
        for number, line in enumerate(self.code.split("\n"), 1):
            directive = re.match(r"\s*#\s*(if|endif)", line)
            if directive:
                depth += 1 if directive.group(1) == "if" else -1
            if depth > 0:
                inside.add(number)
        return inside

    def project_includes(self):
        """(line, path from the root) of each include of a file of ours."""
        return [
            (line, name[len("thresher/") :])
            for line, _, name in self.includes()
            if name.startswith("thresher/")
        ]

    def problem(self, line, what, remedy):
        return Problem(self.path, line, what, remedy)


def read_tree(root):
    """Every text file of the project, sorted by path; binary files are left out."""
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED_FOLDERS and not name.startswith("build-")
        )
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith((".swp", ".pyc")) or os.path.islink(path):
                continue
            with open(path, "rb") as stream:
                data = stream.read()
            if b"\0" in data:
                continue
            relative = os.path.relpath(path, root).replace(os.sep, "/")
            files.append(SourceFile(relative, data.decode("utf-8", errors="replace")))
    return sorted(files, key=lambda file: file.path)


def in_comment_or_code(file, position):
    """Whether what stands at an offset is neither within a literal nor a string's inside."""
    return file.code[position] == file.text[position] or file.comments[position] != " "
