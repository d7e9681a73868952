"""The order of includes: the own header, the project's, third party, standard, each a block.

Headers of C and of the system may stand with either of the last two, conditional ones anywhere.
`sorted_text` makes the order.
"""

import re

from . import source

_SYSTEM = re.compile(r"^(?:sys/|linux/|arpa/|netinet/|net/)|^[a-z0-9_]+\.h$")
_LINE = re.compile(r'^#include ([<"])([^>"]+)[>"].*$')

OWN, PROJECT, THIRD_PARTY, STANDARD = range(4)


def is_own_header(path, name):
    """Whether the include `name` is that of the source `path`: x.h for x.cc, or for x_test.cc."""
    stem = re.sub(r"\.(cc|cu)$", "", path)
    return name in (f"thresher/{stem}.h", "thresher/" + re.sub(r"_test$", "", stem) + ".h")


def group(path, opening, name):
    if is_own_header(path, name):
        return OWN
    if opening == '"':
        return PROJECT
    if _SYSTEM.match(name):
        return STANDARD
    return STANDARD if re.fullmatch(r"[a-z_0-9]+", name) else THIRD_PARTY


def order(file):
    """The own header first, then the project's, third-party ones, and the standard library's."""
    if not file.is_cpp or file.folder not in source.TOP_FOLDERS:
        return
    highest = OWN
    conditional = file.conditional_lines()
    for index, (line, opening, name) in enumerate(file.includes()):
        if line in conditional:
            continue
        here = group(file.path, opening, name)
        if here == OWN and index > 0:
            yield file.problem(
                line,
                f"{name} is include number {index + 1}",
                "include the own header first, which proves that it stands alone",
            )
        elif here < highest and not _SYSTEM.match(name):
            # One line a file is enough: sorting mends them all.
            yield file.problem(
                line, f"{name} comes too late", "run .ci/style.py --fix, which sorts includes"
            )
            return
        elif not _SYSTEM.match(name):
            highest = max(highest, here)


def sorted_text(file):
    """The file's text with its includes in order, or None where they are not one plain block."""
    if not file.is_cpp or file.folder not in source.TOP_FOLDERS or not list(order(file)):
        return None
    conditional = file.conditional_lines()
    at = [
        index
        for index, line in enumerate(file.lines)
        if _LINE.match(line) and index + 1 not in conditional
    ]
    first, last = at[0], at[-1]
    if any(line.strip() and not _LINE.match(line) for line in file.lines[first : last + 1]):
        return None
    groups = {}
    for line in file.lines[first : last + 1]:
        match = _LINE.match(line)
        if match:
            groups.setdefault(group(file.path, *match.groups()), []).append(line)
    blocks = ["\n".join(groups[key]) for key in sorted(groups)]
    before, after = file.lines[:first], file.lines[last + 1 :]
    return "\n".join(before + ["\n\n".join(blocks)] + after) + "\n"


FILE = (order,)
