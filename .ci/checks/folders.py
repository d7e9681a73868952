"""Who may include whom: the folders' one direction, circles, the spelling of includes, and
headers that nobody includes."""

import re

from . import source

# What product files of a folder may include besides their own folder.
MAY_INCLUDE = {
    "runtime": set(),
    "gpu": {"runtime"},
    "faults": {"runtime", "gpu"},
    "sim": {"runtime", "gpu", "faults"},
    "scenarios": {"runtime", "gpu", "faults", "sim"},
    "reports": set(),
    "cli": {"runtime", "gpu", "faults", "sim", "scenarios", "reports"},
    "property_tests": {"runtime", "gpu", "faults", "sim", "scenarios", "reports"},
    "benchmarks": {"runtime", "gpu", "faults", "sim", "scenarios"},
}
# Unit tests may use the simulated world besides.
TESTS_MAY_INCLUDE = {"runtime", "gpu", "faults", "sim"}

CUDA_HEADER = re.compile(
    r"^(?:cuda|nvrtc|cupti|nvml|cublas|curand|cooperative_groups|device_launch_parameters)"
    r"[\w./]*$"
)
CARRIER = re.compile(r"(?:^|/)(?:carrier|fiber_context|internal)[\w/]*")


def direction(file):
    """Includes point one way."""
    if file.folder not in MAY_INCLUDE or not file.is_cpp:
        return
    allowed = MAY_INCLUDE[file.folder] | {file.folder}
    if file.is_test:
        allowed = allowed | TESTS_MAY_INCLUDE
    for line, name in file.project_includes():
        folder = name.split("/")[0]
        if folder not in allowed:
            yield file.problem(
                line,
                f"{file.folder}/ includes {folder}/",
                (
                    "includes point runtime <- gpu <- faults <- sim <- scenarios <- cli: move what "
                    "is shared down, or pass it in"
                ),
            )


def spelling(file):
    """Ours are included as "thresher/<folder>/...", all others in angle brackets."""
    if not file.is_cpp:
        return
    for line, opening, name in file.includes():
        ours = name.startswith("thresher/")
        if opening == '"' and not ours:
            yield file.problem(
                line,
                f'the include of "{name}"',
                'write ours as "thresher/<folder>/...", others in angle brackets',
            )
        if opening == "<" and ours:
            yield file.problem(line, f"the include of <{name}>", "write ours in quotes")


def special_headers(file):
    """CUDA's headers only in gpu/cuda/, Boost's only in sources and the glue of the carrier."""
    if not file.is_cpp:
        return
    for line, _, name in file.includes():
        if CUDA_HEADER.match(name) and not file.path.startswith("gpu/cuda/"):
            yield file.problem(
                line,
                f"the CUDA header {name}",
                "only gpu/cuda/ includes it; go through gpu/driver.h",
            )
        if name.startswith("boost/") and file.is_header and not CARRIER.search(file.path):
            yield file.problem(
                line, f"the Boost header {name} in a header", "include it in the .cc"
            )


def _edges(files, node):
    """{node: {other: (path, line)}} over the includes of product files."""
    edges = {}
    for file in files:
        if not file.is_cpp or file.is_test or file.folder not in MAY_INCLUDE:
            continue
        here = node(file.path)
        for line, name in file.project_includes():
            there = node(name)
            if here and there and here != there:
                edges.setdefault(here, {}).setdefault(there, (file.path, line))
    return edges


def cycles(edges):
    """Each edge from which its own beginning can be reached again, with the way back."""
    found = []
    for here in sorted(edges):
        for there in sorted(edges[here]):
            way, seen, queue = None, {there: None}, [there]
            while queue and way is None:
                node = queue.pop(0)
                for following in sorted(edges.get(node, {})):
                    if following not in seen:
                        seen[following] = node
                        queue.append(following)
                    if following == here:
                        way = [here]
                        step = node
                        while step is not None:
                            way.append(step)
                            step = seen[step]
                        way.append(here)
                        break
            if way:
                found.append((here, there, list(reversed(way))))
    return found


def _runtime_part(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "runtime" and len(parts) > 2 else None


def no_cycles(files):
    """Neither the top folders nor the folders of runtime/ include each other in a circle."""
    for node in (lambda path: path.split("/")[0], _runtime_part):
        edges = _edges(files, node)
        for here, there, way in cycles(edges):
            path, line = edges[here][there]
            yield source.Problem(
                path,
                line,
                "a circle of folders: " + " -> ".join(way),
                "turn one of these includes round: move what is shared down",
            )


def existing(files):
    """What is included is there."""
    paths = {file.path for file in files}
    for file in files:
        if file.is_cpp:
            for line, name in file.project_includes():
                if name not in paths:
                    yield file.problem(
                        line, f"thresher/{name} does not exist", "correct the include"
                    )


def dead_headers(files):
    """Each header is included by another file than its own source."""
    used = set()
    for file in files:
        if file.is_cpp:
            own = re.sub(r"\.(cc|cu)$", ".h", file.path)
            used.update(name for _, name in file.project_includes() if name not in (own, file.path))
    for file in files:
        if file.is_header and file.folder in MAY_INCLUDE and file.path not in used:
            yield file.problem(1, "no file includes this header", "use it, test it, or remove it")


FILE = (direction, spelling, special_headers)
TREE = (no_cycles, existing, dead_headers)
