"""Finds the functions of a C++ source by matching braces, and how many lines each takes.

Outside of functions only namespaces and classes are walked into; any other brace belongs to what
stands before it. A function runs from the first line of its signature to its closing brace,
lambdas included.
"""

import re

_SCOPE = re.compile(
    r"^(?:\[\[[^\]]*\]\]\s*|inline\s+|export\s+|typedef\s+|static\s+|constexpr\s+|const\s+)*"
    r"(?:namespace|class|struct|union|enum|extern\s*\"S*\")(?!\w)"
)
_ACCESS = re.compile(r"\b(?:public|private|protected)\s*:(?!:)")
# A closed parameter list, perhaps noexcept or a requirement, and one colon.
_INITIALISER_LIST = re.compile(r"\)[^;{}?]*?(?<!:):(?!:)")


def without_preprocessor(code):
    """Blanks directives, and every branch of an #if but the first, so that braces balance."""
    result, depth_skipped, depth, continued = [], None, 0, False
    for line in code.split("\n"):
        directive = re.match(r"\s*#\s*(\w+)", line)
        if continued or directive:
            word = directive.group(1) if directive and not continued else ""
            continued = line.rstrip().endswith("\\")
            if word in ("if", "ifdef", "ifndef"):
                depth += 1
            elif word in ("else", "elif") and depth_skipped is None:
                depth_skipped = depth
            elif word == "endif":
                if depth_skipped == depth:
                    depth_skipped = None
                depth -= 1
            result.append(" " * len(line))
        else:
            result.append(line if depth_skipped is None else " " * len(line))
    return "\n".join(result)


def _without_template(header):
    header = header.lstrip()
    while header.startswith("template"):
        position = header.find("<")
        if position < 0:
            break
        depth = 0
        while position < len(header):
            depth += (header[position] == "<") - (
                header[position] == ">" and header[position - 1] != "-"
            )
            position += 1
            if depth == 0:
                break
        header = header[position:].lstrip()
        if header.startswith("requires"):
            header = re.sub(
                r"^requires\s*(?:\([^{}]*?\)|[\w:]+(?:<[^{}]*?>)?)\s*(?=\S)", "", header
            )
    return header


def _kind(header):
    """What the brace after `header` opens: scope, function or other."""
    header = _without_template(_ACCESS.sub(" ", header)).strip()
    # A struct that is a function's result (`struct tm* f() {`) has its parameters last.
    if _SCOPE.match(header):
        result_of_function = re.match(
            r"^(?:struct|class|enum)\b[^:]*\)\s*(?:const|noexcept|override|\s)*$", header
        )
        aligned_class = re.match(r"^(?:struct|class)\s+alignas\s*\(", header)
        return "function" if result_of_function and not aligned_class else "scope"
    parenthesis = header.find("(")
    if parenthesis < 0:
        return "other"
    before = re.sub(r"\boperator\s*(?:[=!<>]=?|<=>|[^\w\s(]=)", "operator_", header[:parenthesis])
    return "other" if re.search(r"(?<![=!<>])=(?!=)", before) else "function"


def _opens_member(header):
    """Whether the brace after `header` initialises a member, as in `Pool() : free_{4}`."""
    last = header.rstrip()[-1:]
    return bool(_INITIALISER_LIST.search(header)) and (last.isalnum() or last in "_>")


def _closing(code, position):
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, position):
        depth += 1 if match.group(0) == "{" else -1
        if depth == 0:
            return match.start()
    return len(code) - 1


def functions(code):
    """(name, first line, last line), lines from 1, of each function outside of another."""
    code = without_preprocessor(code)
    found, position, start, parentheses = [], 0, 0, 0
    token = re.compile(r"[{}();]")
    while True:
        match = token.search(code, position)
        if not match:
            return found
        character, position = match.group(0), match.end()
        if character in "()":
            parentheses = max(0, parentheses + (1 if character == "(" else -1))
        elif character in ";}" and parentheses == 0:
            start = position
        elif character == "{":
            header = code[start : match.start()]
            if parentheses > 0:
                position = _closing(code, match.start()) + 1
                continue
            kind = _kind(header)
            if kind == "scope":
                start = position
                continue
            end = _closing(code, match.start())
            position = end + 1
            if not header.strip():
                start = position
            elif kind == "function" and not _opens_member(header):
                lead = re.match(r"(?:\s|(?:public|private|protected)\s*:(?!:))*", header).end()
                found.append(
                    (
                        _name(header),
                        code.count("\n", 0, start + lead) + 1,
                        code.count("\n", 0, end) + 1,
                    )
                )
                start = position


def _name(header):
    header = _without_template(_ACCESS.sub(" ", header)).strip()
    test = re.match(r"(TEST\w*|TYPED_TEST\w*|RC_GTEST\w*)\s*\(([^()]*)\)", header)
    if test:
        return "(".join(test.group(1, 2)).replace(" ", "") + ")"
    name = re.search(r"([\w:~]+|operator\s*[^\w\s]+)\s*\(", header)
    return name.group(1) if name else "?"
