"""The shape of files: how long they, their functions and lines are, how they open, what words and
bytes they hold."""

import json
import re

from . import source
from .functions import functions

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
OPENING_LINES = (2, 15)
PROGRAM_TEXT = (".h", ".cc", ".cu", ".cuh", ".py", ".cmake", ".sh")

# Written apart, so that this file does not contain them.
BANNED_WORDS = ("FIX" + "ME", "TO" + "DO", "X" + "XX")
_BANNED = re.compile(r"\b(" + "|".join(BANNED_WORDS) + r")\b")


def is_program(file):
    """Whether a person reads it as a program: a source, a script, a build file."""
    return (
        file.extension in PROGRAM_TEXT
        or file.text.startswith("#!")
        or file.path.endswith("CMakeLists.txt")
    )


def lengths(file):
    """Files of 500 lines, functions of 70, lines of 100 columns at most."""
    if not is_program(file):
        return
    if len(file.lines) > FILE_LINES_MAX:
        yield file.problem(
            FILE_LINES_MAX + 1,
            f"the file has {len(file.lines)} lines, {FILE_LINES_MAX} are the limit",
            "split it by nouns",
        )
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS_MAX:
            yield file.problem(
                number, f"the line has {len(line)} columns, {COLUMNS_MAX} are the limit", "break it"
            )
    if file.is_cpp:
        for name, first, last in functions(file.code):
            count = last - first + 1
            if count > FUNCTION_LINES_MAX:
                yield file.problem(
                    first,
                    f"{name} has {count} lines, {FUNCTION_LINES_MAX} are the limit",
                    "cut it into functions that each do one thing",
                )


def opening(file):
    """Each source opens with a comment of 2 to 15 lines (a test's may have one)."""
    if file.is_cpp:
        marks = ("//",)
    elif file.extension == ".py":
        return
    elif is_program(file):
        marks = ("#",)
    else:
        return
    lines = file.lines[1:] if file.text.startswith("#!") else file.lines
    count = 0
    while count < len(lines) and lines[count].startswith(marks):
        count += 1
    least, most = OPENING_LINES
    if file.is_test or not file.is_cpp:
        least = 1
    if not least <= count <= most:
        yield file.problem(
            1,
            f"the file opens with {count} lines of comment, {least} to {most} are asked for",
            "open with what it is, its invariants, thread or turn rule, what it leaves out",
        )


def pragma_once(file):
    """A header's first line of code is #pragma once; a header guard is not used."""
    if not file.is_header:
        return
    code = [
        (number, line.strip())
        for number, line in enumerate(file.code.split("\n"), 1)
        if line.strip()
    ]
    if not code or code[0][1] != "#pragma once":
        yield file.problem(
            code[0][0] if code else 1,
            "the header does not begin with #pragma once",
            "put it right after the opening comment",
        )


def using_namespace(file):
    """A header names no `using namespace`, which would reach into whoever includes it."""
    if file.is_header:
        for match in re.finditer(r"\busing\s+namespace\b", file.code):
            yield file.problem(
                file.line_of(match.start()),
                "using namespace in a header",
                "name what is used, or use it in the .cc",
            )


def file_names(file):
    """Sources are named in snake_case and end in .h or .cc (.cu where CUDA is)."""
    if file.folder not in source.TOP_FOLDERS or not file.is_cpp:
        return
    name = file.path.split("/")[-1]
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.(h|cc|cu|cuh)", name):
        yield file.problem(1, f"the file is named {name}", "name it in snake_case")


def words(file):
    """Nothing is left to be done later in the text: that belongs into an issue."""
    for number, line in enumerate(file.lines, 1):
        for match in _BANNED.finditer(line):
            yield file.problem(
                number, f"the word {match.group(1)}", "do it, or file an issue and remove it"
            )


def text_format(file):
    """UTF-8, Unix line ends, one newline at the end, no tabs, no blanks at a line's end."""
    if "\ufffd" in file.text:
        yield file.problem(1, "the file is not UTF-8", "save it as UTF-8")
    if "\r" in file.text:
        yield file.problem(1, "the file has carriage returns", "save it with Unix line ends")
    if file.text and not file.text.endswith("\n"):
        yield file.problem(len(file.lines), "the last line has no newline", "add one")
    if file.text.endswith("\n\n"):
        yield file.problem(len(file.lines), "blank lines end the file", "remove them")
    generated = file.extension in (".ptx", ".patch", ".diff", ".tape")
    for number, line in enumerate(file.lines, 1):
        if not generated and line != line.rstrip():
            yield file.problem(number, "blanks end the line", "remove them")
        if not generated and "\t" in line:
            yield file.problem(number, f"a tab in column {line.index(chr(9)) + 1}", "use blanks")
    if file.extension == ".json" and "malformed" not in file.path:
        try:
            json.loads(file.text)
        except ValueError as error:
            yield file.problem(getattr(error, "lineno", 1), f"no JSON: {error}", "correct it")


TEXT = (text_format, words)
CODE = (lengths, opening, pragma_once, using_namespace, file_names)
