"""The law of determinism, as far as a text shows it: words that bring in the outside, and
loops over unordered containers.

It holds in every folder that a simulated run executes. The files that implement a real seam are
exempt; they live in the folders named here and nowhere else.
"""

import re

LAW = ("runtime", "gpu", "faults", "sim", "scenarios")
SEAMS = ("runtime/threads/", "gpu/cuda/")

# The only words let through elsewhere: (file, word) and why.
EXEMPT = {
    ("runtime/base/assert.cc", "thread_local"): (
        "an assertion reports through the scheduler that owns its OS thread, and has no argument "
        "to be told which that is; nothing reads it before the program ends"
    ),
    (
        "runtime/carrier/overflow_handler.cc",
        "thread_local",
    ): "a signal handler learns of its thread in no other way; it runs when the program is lost",
    ("runtime/carrier/carriers.cc", "steady_clock"): (
        "Boost.Fiber's interface for algorithms has a time of this clock in a signature; no clock "
        "is read"
    ),
}

_CLOCK = "go through Scheduler::now"
_CHANCE = "draw through Entropy or choose()"
_THREAD = "go through Scheduler (spawn, run_blocking)"
_WAIT = "wait through Scheduler::park_until"

# (pattern over code without comments and literals, what it is, remedy)
WORDS = [
    (re.compile(pattern), what, remedy)
    for pattern, what, remedy in (
        (r"\bsteady_clock\b", "steady_clock", _CLOCK),
        (r"\bsystem_clock\b", "system_clock", _CLOCK),
        (r"\bhigh_resolution_clock\b", "high_resolution_clock", _CLOCK),
        (
            r"\b(?:clock_gettime|gettimeofday|timespec_get|__rdtscp?|_rdtsc)\b",
            "a clock of the system",
            _CLOCK,
        ),
        (r"\bstd::(?:time|clock)\s*\(", "std::time or std::clock", _CLOCK),
        (r"\brandom_device\b", "random_device", _CHANCE),
        (r"(?<![\w.>])(?:std::)?s?rand\s*\(", "rand", _CHANCE),
        (
            r"\b(?:getrandom|getentropy|arc4random\w*|drand48|mkstemp|mkdtemp)\b",
            "randomness of the system",
            _CHANCE,
        ),
        (r"\bdefault_random_engine\b", "default_random_engine", _CHANCE),
        (r"\bstd::\w+_distribution\b", "a std:: distribution", _CHANCE),
        (r"\bstd::(?:ranges::)?(?:shuffle|sample)\b", "std::shuffle or std::sample", _CHANCE),
        (r"\bthis_thread::sleep_\w+|\b(?:usleep|nanosleep)\b", "a sleep of the system", _WAIT),
        (r"(?<![\w.>:])sleep\s*\(\s*\d", "a sleep of the system", _WAIT),
        (r"\bthis_fiber::sleep\w*", "a sleep of Boost.Fiber", _WAIT),
        (
            r"\bfibers::(?:\w*mutex|condition_variable\w*|\w*buffered_channel|promise|future"
            r"|packaged_task|barrier)\b",
            "a primitive of Boost.Fiber",
            "use those of runtime/, which know virtual time",
        ),
        (r"\bstd::j?thread\b", "std::thread", _THREAD),
        (r"\b(?:std::async|pthread_create)\b", "a thread", _THREAD),
        (r"\bthis_thread::get_id\b", "the thread's id", _THREAD),
        (
            r"\bthread_local\b",
            "thread_local",
            "keep it in the scheduler's or the fiber's own state",
        ),
        (r"\bget(?:pid|tid)\s*\(", "a process or thread id", "name things by stable ids"),
        (r"\b(?:secure_)?getenv\b", "the environment", "pass it in from the composition root"),
        (r"\bfmt::ptr\b", "the value of a pointer", "print a stable id"),
        (r"\bstd::hash<[^<>]*\*\s*>", "the hash of a pointer", "hash a stable id"),
        (r"\bstd::less<[^<>]*\*\s*>", "the order of pointers", "order by a stable id"),
        (
            r"\bstd::(?:multi)?(?:map|set)<\s*(?:const\s+)?[\w:]+(?:<[^<>]*>)?(?:\s+const)?\s*\*",
            "a container ordered by pointers",
            "key it by a stable id",
        ),
    )
]

_STATIC = re.compile(
    r"^[ \t]*static\s+(?!const\b|constexpr\b|constinit\s+const\b|inline\b|_assert|assert)"
    r"(?!auto\s*&?\s*\w+\s*\()[^;(){}=]*[;={]",
    re.M,
)
_UNORDERED = r"\bstd::(?:pmr::)?unordered_(?:flat_)?(?:multi)?(?:map|set)\b"


def under_the_law(file):
    return file.is_cpp and file.folder in LAW and not file.path.startswith(SEAMS)


def words(file):
    """No clock, chance, thread, sleep, environment or order of pointers outside a seam."""
    if not under_the_law(file):
        return
    for pattern, what, remedy in WORDS:
        for match in pattern.finditer(file.code):
            if (file.path, what) in EXEMPT:
                continue
            yield file.problem(
                file.line_of(match.start()),
                f"{what} ({match.group(0).strip()})",
                remedy + "; only " + " and ".join(SEAMS) + " may touch the outside",
            )
    for match in re.finditer(r'"[^"\n]*(%p|/dev/u?random)[^"\n]*"', file.text):
        yield file.problem(
            file.line_of(match.start()),
            f"the literal holds {match.group(1)}",
            "print a stable id; draw through Entropy",
        )


def mutable_statics(file):
    """No state outlives a world: static variables are constant."""
    if not under_the_law(file) or file.is_test:
        return
    for match in _STATIC.finditer(file.code):
        yield file.problem(
            file.line_of(match.end()),
            f"a mutable static ({' '.join(match.group(0).split())})",
            "pass the state in, or make it constexpr",
        )


def _template_end(code, position):
    depth = 0
    while position < len(code):
        if code[position] == "<":
            depth += 1
        elif code[position] == ">":
            depth -= 1
            if depth == 0:
                return position + 1
        elif code[position] in ";{":
            return None
        position += 1
    return None


def unordered_names(code):
    """Names of variables and members that are unordered containers, also by a local alias."""
    names, aliases = set(), set()
    for match in re.finditer(_UNORDERED + r"\s*(?=<)", code):
        end = _template_end(code, match.end())
        if end is None:
            continue
        alias = re.search(r"\busing\s+(\w+)\s*=\s*$", code[: match.start()])
        if alias:
            aliases.add(alias.group(1))
        declared = re.match(r"\s*[&*]*\s*(\w+)\s*[;={(),]", code[end:])
        if declared:
            names.add(declared.group(1))
    for alias in aliases:
        names.update(re.findall(r"\b" + alias + r"\s*[&*]*\s+[&*]*(\w+)\s*[;={(),]", code))
    return names


def unordered_loops(files):
    """Nothing walks an unordered container: its order depends on the library and on addresses."""
    by_path = {file.path: file for file in files}
    for file in files:
        if not under_the_law(file):
            continue
        names = unordered_names(file.code)
        header = by_path.get(re.sub(r"(_test)?\.cc$", ".h", file.path))
        if header is not None and header is not file:
            names |= unordered_names(header.code)
        for name in sorted(names):
            loop = (
                r"\bfor\s*\([^;(){}]*[^:]:\s*(?:\w+(?:\.|->))*"
                + name
                + r"\s*\)|\b"
                + name
                + r"\s*\.\s*c?begin\s*\("
            )
            for match in re.finditer(loop, file.code):
                yield file.problem(
                    file.line_of(match.start()),
                    f"the unordered container {name} is walked",
                    (
                        "use std::map, a sorted vector or a flat map: the order must not depend on"
                        " hashes"
                    ),
                )


FILE = (words, mutable_statics)
TREE = (unordered_loops,)
