"""What the compiled objects call: no function of libm whose result depends on the machine.

Such results differ between CPUs and flags, and with them the trace of a seed. What IEEE 754 rounds
exactly (sqrt, fma, floor, fmod and the like) is the same everywhere and stays allowed.
"""

import os
import re
import subprocess

from . import source

FOLDERS = ("runtime", "gpu", "faults", "sim", "scenarios")

_INEXACT = (
    "sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp exp2 exp10 expm1 log"
    " log2 log10 log1p pow cbrt hypot erf erfc tgamma lgamma gamma sincos j0 j1 jn y0 y1 yn pow10"
)
FORBIDDEN = {name + suffix for name in _INEXACT.split() for suffix in ("", "f", "l")}


def symbol_name(symbol):
    """The function behind a symbol, without version and the marks of libm's own variants."""
    name = symbol.split("@")[0]
    wrapped = re.fullmatch(r"__(\w+?)_finite", name)
    return wrapped.group(1) if wrapped else name


def inexact_calls(listing):
    """(object, function) of each undefined symbol of libm in the output of `nm -A -u`."""
    found = []
    for line in listing.splitlines():
        match = re.match(r"^(.*?):\s+U\s+(\S+)$", line)
        if match and symbol_name(match.group(2)) in FORBIDDEN:
            found.append((match.group(1), symbol_name(match.group(2))))
    return found


def product_objects(build):
    """The object files of what a simulated run executes; those of the real device are none."""
    objects = []
    for folder in FOLDERS:
        base = os.path.join(build, "CMakeFiles", f"thresher_{folder}.dir")
        for path, _, names in os.walk(base):
            if "/gpu/cuda" not in path:
                objects.extend(
                    os.path.join(path, name) for name in sorted(names) if name.endswith(".o")
                )
    return objects


def libm(build):
    """(problems, number of objects looked at) of a build folder."""
    objects = product_objects(build)
    if not objects:
        return [], 0
    listing = subprocess.run(
        ["nm", "-A", "-u"] + objects,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        universal_newlines=True,
    ).stdout
    problems = []
    for path, name in inexact_calls(listing):
        origin = re.sub(r"^.*?CMakeFiles/thresher_\w+\.dir/(.*)\.o$", r"\1", path)
        problems.append(
            source.Problem(
                origin,
                1,
                f"calls {name} of libm",
                "its result differs by CPU and flags: use the project's own function, or integers",
            )
        )
    return problems, len(objects)
