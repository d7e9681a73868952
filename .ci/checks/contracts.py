"""Promises that no compiler checks: results that may not be ignored, sites that are named once."""

import re

from . import source

_SITE = re.compile(r'\bTHRESHER_SITE\s*\(\s*("[^"\n]*")')


def nodiscard(file):
    """A class that carries a result says [[nodiscard]], so that no error is dropped in silence."""
    if not file.is_cpp or file.is_test:
        return
    for match in re.finditer(
        r"\b(?:class|struct)\s+(\[\[[^\]]*\]\]\s*)?(Expected|Status|Outcome)\b" r"(?=[^;()]*\{)",
        file.code,
    ):
        if "nodiscard" not in (match.group(1) or ""):
            yield file.problem(
                file.line_of(match.start()),
                f"{match.group(2)} is not [[nodiscard]]",
                f"write: class [[nodiscard]] {match.group(2)}",
            )


def unique_sites(files):
    """A site's literal is written at one place: tapes and coverage know the place by it."""
    seen = {}
    for file in files:
        if not file.is_cpp or file.is_test or file.folder not in source.TOP_FOLDERS:
            continue
        for match in _SITE.finditer(file.text):
            if not file.code.startswith("THRESHER_SITE", match.start()):
                continue
            here = f"{file.path}:{file.line_of(match.start())}"
            if match.group(1) in seen:
                yield file.problem(
                    file.line_of(match.start()),
                    f"the site {match.group(1)} is also that of {seen[match.group(1)]}",
                    "give each place a name of its own",
                )
            seen.setdefault(match.group(1), here)


FILE = (nodiscard,)
TREE = (unique_sites,)
