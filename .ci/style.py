#!/usr/bin/env python3
"""Checks the project's style: style.py [GROUP...] [--root DIR] [--build DIR] [--fix] [--list]

Groups: text, code, folders, determinism, contracts and, after a build, libm; all but libm by
default. Each finding is a line `file:line: what; remedy`. --fix puts includes into their order.
Exit code 0: no problem, 1: some, 2: wrong usage.
Standard library only, Python 3.9 or newer.
"""

import argparse
import os
import sys

from checks import contracts, determinism, folders, include_order, objects, shape, source

# Of each group: checks of a file alone, checks of all files together.
GROUPS = {
    "text": (shape.TEXT, ()),
    "code": (shape.CODE, ()),
    "folders": (folders.FILE + include_order.FILE, folders.TREE),
    "determinism": (determinism.FILE, determinism.TREE),
    "contracts": (contracts.FILE, contracts.TREE),
}


def run(files, groups):
    """The problems that the checks of these groups find, in the order of files and lines."""
    problems = []
    for group in groups:
        of_file, of_tree = GROUPS[group]
        for check in of_file:
            for file in files:
                problems.extend(check(file))
        for check in of_tree:
            problems.extend(check(files))
    return sorted(problems, key=source.Problem.key)


def fix(root, files):
    """Rewrites the files whose includes stand in another order."""
    for file in files:
        text = include_order.sorted_text(file)
        if text is not None and text != file.text:
            print(f"sorted the includes of {file.path}")
            with open(os.path.join(root, file.path), "w", encoding="utf-8") as stream:
                stream.write(text)


def list_checks():
    for group, (of_file, of_tree) in GROUPS.items():
        for check in of_file + of_tree:
            print(f"{group:12} {check.__name__:16} {check.__doc__.splitlines()[0]}")
    print(f"{'libm':12} {'libm':16} No object of a simulated run calls inexact functions of libm.")


def main(arguments):
    parser = argparse.ArgumentParser(description="Checks the project's style.")
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=", ".join(list(GROUPS) + ["libm"])
    )
    parser.add_argument(
        "--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    )
    parser.add_argument("--build", help="the build folder, for libm")
    parser.add_argument("--fix", action="store_true", help="sort the includes of all files first")
    parser.add_argument("--list", action="store_true", help="list the checks")
    options = parser.parse_args(arguments)
    if options.list:
        list_checks()
        return 0
    groups = options.groups or list(GROUPS)
    unknown = [group for group in groups if group not in GROUPS and group != "libm"]
    if unknown:
        parser.error(f"no group is named {unknown[0]}; there are {', '.join(GROUPS)} and libm")

    files = source.read_tree(options.root)
    if options.fix:
        fix(options.root, files)
        files = source.read_tree(options.root)
    problems, looked_at = (
        run(files, [group for group in groups if group in GROUPS]),
        f"{len(files)} files",
    )
    if "libm" in groups:
        if not options.build:
            parser.error("libm needs --build DIR")
        found, count = objects.libm(options.build)
        problems += found
        looked_at = f"{count} objects" if groups == ["libm"] else f"{looked_at}, {count} objects"
        if count == 0:
            print(f"style: no objects below {options.build}; build first")
            return 1
    for problem in problems:
        print(problem)
    print(f"{', '.join(groups)}: {looked_at}, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
