#!/usr/bin/env python3
"""Unit tests of the style check: each check finds what it is for, and leaves the rest alone."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import contracts, determinism, folders, functions, include_order  # noqa: E402
from checks import objects, shape, source  # noqa: E402

OPENING = "// What this is.\n// And what it leaves out.\n"


def a_file(text, path="runtime/base/thing.cc"):
    return source.SourceFile(path, text)


def found(check, text, path="runtime/base/thing.cc"):
    """(line, what) of each problem of a check in one file."""
    return [(problem.line, problem.what) for problem in check(a_file(text, path))]


def found_in(check, **texts):
    """(path, line) of each problem in a tree; `__` in a name is a slash, `_cc` its end."""
    files = []
    for name, text in texts.items():
        stem, extension = name.rsplit("_", 1)
        files.append(a_file(text, stem.replace("__", "/") + "." + extension))
    return [(problem.path, problem.line) for problem in check(files)]


class Blanking(unittest.TestCase):
    def test_keeps_code_and_drops_comments_and_literals(self):
        code, comments = source.split_code("int a; // rand()\nf(\"rand()\", '{', 1'000);\n")
        self.assertNotIn("rand", code)
        self.assertIn("rand()", comments)
        self.assertIn("1'000", code)
        self.assertEqual(code.count("\n"), 2)
        self.assertNotIn("{", code)

    def test_understands_raw_strings(self):
        code, _ = source.split_code('auto s = R"(std::thread " // )"; int b;')
        self.assertNotIn("thread", code)
        self.assertIn("int b;", code)

    def test_sees_no_include_in_a_comment(self):
        file = a_file('/*\n#include "a.h"\n*/\n#include <vector>\n')
        self.assertEqual(file.includes(), [(4, "<", "vector")])


class Functions(unittest.TestCase):
    def names(self, text):
        return [(name, last - first + 1) for name, first, last in functions.functions(text)]

    def test_measures_from_the_signature_to_the_brace(self):
        self.assertEqual(self.names("void f(\n    int a)\n{\n  g();\n}\n"), [("f", 5)])

    def test_walks_into_namespaces_and_classes(self):
        text = "namespace a {\nclass B : C<int> {\n public:\n  int g() const { return 1; }\n};\n}\n"
        self.assertEqual(self.names(text), [("g", 1)])

    def test_takes_member_initialisers_for_a_part_of_the_constructor(self):
        text = "Pool::Pool(int n) : free_{n},\n  used_(0) {\n  check();\n}\n"
        self.assertEqual(self.names(text), [("Pool::Pool", 4)])

    def test_knows_initialisers_behind_a_requirement(self):
        text = (
            "struct A {\n  A()\n    requires B<T>\n      : c_{1} {}\n  int d() { return 1; }\n};\n"
        )
        self.assertEqual(self.names(text), [("A", 3), ("d", 1)])

    def test_counts_lambdas_to_the_function_around_them(self):
        text = "void f() {\n  auto g = [] {\n    return 1;\n  };\n}\nint h() { return 2; }\n"
        self.assertEqual(self.names(text), [("f", 5), ("h", 1)])

    def test_is_not_misled_by_braces_that_are_no_function(self):
        text = (
            "int a[]{1, 2};\nconst auto k = make(1);\nstatic const std::map<int, int> m = {{1,"
            " f(2)}};\n"
        )
        self.assertEqual(self.names(text), [])

    def test_measures_templates_with_requirements(self):
        text = (
            "template <typename T>\n  requires std::integral<T>\nT twice(T t) {\n  return t +"
            " t;\n}\n"
        )
        self.assertEqual(self.names(text), [("twice", 5)])

    def test_takes_one_branch_of_a_condition(self):
        text = "#if A\nvoid f() {\n#else\nvoid g() {\n#endif\n  h();\n}\nvoid i() {}\n"
        self.assertEqual([name for name, _ in self.names(text)], ["f", "i"])

    def test_names_a_test_by_its_sentence(self):
        self.assertEqual(self.names("TEST(Pool, lends) {\n}\n"), [("TEST(Pool,lends)", 2)])


class Shape(unittest.TestCase):
    def test_limits_the_lines_of_a_file(self):
        self.assertEqual(found(shape.lengths, "int a;\n" * 500), [])
        self.assertEqual(found(shape.lengths, "int a;\n" * 501)[0][0], 501)

    def test_limits_the_lines_of_a_function(self):
        self.assertEqual(found(shape.lengths, "void f() {\n" + "g();\n" * 68 + "}\n"), [])
        problems = found(shape.lengths, "void f() {\n" + "g();\n" * 69 + "}\n")
        self.assertEqual(problems, [(1, "f has 71 lines, 70 are the limit")])

    def test_limits_columns_by_characters(self):
        self.assertEqual(found(shape.lengths, "// " + "é" * 97 + "\n"), [])
        self.assertEqual(len(found(shape.lengths, "// " + "x" * 98 + "\n")), 1)

    def test_leaves_documents_long(self):
        self.assertEqual(found(shape.lengths, "x" * 300 + "\n", "docs/a.md"), [])

    def test_asks_for_an_opening_comment(self):
        self.assertEqual(found(shape.opening, OPENING + "int a;\n"), [])
        self.assertEqual(len(found(shape.opening, "int a;\n")), 1)
        self.assertEqual(len(found(shape.opening, "// Short.\nint a;\n")), 1)
        self.assertEqual(len(found(shape.opening, "// Long.\n" * 16)), 1)

    def test_lets_a_test_open_with_one_line(self):
        self.assertEqual(found(shape.opening, "// Short.\nint a;\n", "sim/a_test.cc"), [])

    def test_asks_for_pragma_once_in_headers_only(self):
        self.assertEqual(found(shape.pragma_once, OPENING + "#pragma once\n", "sim/a.h"), [])
        self.assertEqual(len(found(shape.pragma_once, OPENING + "#ifndef A\n", "sim/a.h")), 1)
        self.assertEqual(found(shape.pragma_once, OPENING + "int a;\n"), [])

    def test_refuses_using_namespace_in_a_header(self):
        self.assertEqual(len(found(shape.using_namespace, "using namespace std;\n", "sim/a.h")), 1)
        self.assertEqual(found(shape.using_namespace, "using namespace std;\n"), [])

    def test_finds_banned_words_as_words(self):
        word = shape.BANNED_WORDS[1]
        self.assertEqual(found(shape.words, f"a\n// {word}: b\n"), [(2, f"the word {word}")])
        self.assertEqual(found(shape.words, f"MASTO{word}N\n"), [])

    def test_asks_for_snake_case_names(self):
        self.assertEqual(len(found(shape.file_names, "", "sim/TurnQueue.cc")), 1)
        self.assertEqual(found(shape.file_names, "", "sim/turn_queue.cc"), [])

    def test_finds_what_is_wrong_with_the_bytes(self):
        for text in ("a \n", "a\tb\n", "a\r\n", "a", "a\n\n"):
            self.assertNotEqual(found(shape.text_format, text), [], repr(text))
        self.assertEqual(found(shape.text_format, "a\n"), [])
        self.assertEqual(found(shape.text_format, ""), [])

    def test_reads_json(self):
        self.assertEqual(len(found(shape.text_format, '{"a": }\n', "sim/a.json")), 1)
        self.assertEqual(found(shape.text_format, '{"a": 1}\n', "sim/a.json"), [])


class Folders(unittest.TestCase):
    def test_lets_includes_point_down_only(self):
        up, down = '#include "thresher/sim/world.h"\n', '#include "thresher/runtime/base/error.h"\n'
        self.assertEqual(len(found(folders.direction, up, "gpu/a.cc")), 1)
        self.assertEqual(found(folders.direction, down, "gpu/a.cc"), [])
        self.assertEqual(len(found(folders.direction, down, "reports/a.cc")), 1)

    def test_lets_unit_tests_use_the_world(self):
        self.assertEqual(
            found(folders.direction, '#include "thresher/sim/world.h"\n', "gpu/a_test.cc"), []
        )
        self.assertEqual(
            len(found(folders.direction, '#include "thresher/cli/a.h"\n', "gpu/a_test.cc")), 1
        )

    def test_knows_one_spelling(self):
        self.assertEqual(len(found(folders.spelling, '#include "error.h"\n')), 1)
        self.assertEqual(len(found(folders.spelling, "#include <thresher/sim/a.h>\n")), 1)
        self.assertEqual(found(folders.spelling, '#include "thresher/sim/a.h"\n'), [])

    def test_keeps_cuda_and_boost_where_they_belong(self):
        for name in ("cuda.h", "cuda_runtime.h", "nvrtc.h"):
            text = f"#include <{name}>\n"
            self.assertEqual(len(found(folders.special_headers, text, "gpu/a.cc")), 1)
            self.assertEqual(found(folders.special_headers, text, "gpu/cuda/a.cc"), [])
        boost = "#include <boost/fiber/fiber.hpp>\n"
        self.assertEqual(len(found(folders.special_headers, boost, "sim/a.h")), 1)
        self.assertEqual(found(folders.special_headers, boost, "sim/a.cc"), [])
        self.assertEqual(found(folders.special_headers, boost, "runtime/fiber/carrier.h"), [])

    def test_finds_a_circle_of_top_folders(self):
        problems = found_in(
            folders.no_cycles,
            gpu__a_cc='#include "thresher/sim/b.h"\n',
            sim__b_h='#include "thresher/gpu/c.h"\n',
            gpu__c_h="",
        )
        self.assertEqual(problems, [("gpu/a.cc", 1), ("sim/b.h", 1)])

    def test_finds_a_circle_of_three_within_runtime(self):
        tree = {
            "runtime__a__a_h": '#include "thresher/runtime/b/b.h"\n',
            "runtime__b__b_h": '#include "thresher/runtime/c/c.h"\n',
            "runtime__c__c_h": '\n#include "thresher/runtime/a/x.h"\n',
        }
        self.assertEqual(len(found_in(folders.no_cycles, **tree)), 3)
        tree["runtime__c__c_h"] = ""
        self.assertEqual(found_in(folders.no_cycles, **tree), [])

    def test_leaves_tests_out_of_circles(self):
        self.assertEqual(
            found_in(
                folders.no_cycles,
                gpu__a_test_cc='#include "thresher/sim/b.h"\n',
                sim__b_h='#include "thresher/gpu/c.h"\n',
            ),
            [],
        )

    def test_finds_headers_that_are_not_there(self):
        self.assertEqual(
            found_in(folders.existing, sim__a_cc='#include "thresher/sim/gone.h"\n'),
            [("sim/a.cc", 1)],
        )

    def test_finds_headers_that_nobody_but_their_source_includes(self):
        own = {"sim__a_h": "", "sim__a_cc": '#include "thresher/sim/a.h"\n'}
        self.assertEqual(found_in(folders.dead_headers, **own), [("sim/a.h", 1)])
        own["sim__a_test_cc"] = '#include "thresher/sim/a.h"\n'
        self.assertEqual(found_in(folders.dead_headers, **own), [])


class IncludeOrder(unittest.TestCase):
    ORDERED = (
        '#include "thresher/runtime/base/thing.h"\n\n#include "thresher/runtime/base/a.h"\n\n'
        "#include <fmt/format.h>\n\n#include <sys/mman.h>\n#include <vector>\n"
    )

    def test_accepts_the_order(self):
        self.assertEqual(found(include_order.order, self.ORDERED), [])

    def test_wants_the_own_header_first(self):
        text = "#include <vector>\n" + '#include "thresher/runtime/base/thing.h"\n'
        self.assertEqual(len(found(include_order.order, text)), 1)

    def test_finds_and_sorts_what_comes_too_late(self):
        text = OPENING + '#include <vector>\n#include "thresher/runtime/base/a.h"\n\nint a;\n'
        self.assertEqual(len(found(include_order.order, text)), 1)
        fixed = include_order.sorted_text(a_file(text))
        self.assertEqual(
            fixed,
            OPENING + '#include "thresher/runtime/base/a.h"\n\n#include <vector>\n\nint a;\n',
        )
        self.assertEqual(found(include_order.order, fixed), [])

    def test_lets_conditional_includes_stand_anywhere(self):
        text = '#include <vector>\n#if A\n#include "thresher/runtime/base/a.h"\n#endif\n'
        self.assertEqual(found(include_order.order, text), [])

    def test_sorts_nothing_that_has_conditions_in_it(self):
        text = '#include <vector>\n#define A\n#include "thresher/runtime/base/a.h"\n'
        self.assertIsNone(include_order.sorted_text(a_file(text)))


class Determinism(unittest.TestCase):
    BREAKERS = (
        "std::chrono::steady_clock::now()",
        "std::chrono::system_clock::now()",
        "std::random_device d;",
        "int a = rand();",
        "std::srand(1);",
        "std::this_thread::sleep_for(d);",
        "std::thread t;",
        "std::jthread t;",
        "std::uniform_int_distribution<int> d;",
        "std::shuffle(a, b, g);",
        "thread_local int a;",
        "boost::fibers::mutex m;",
        "boost::this_fiber::sleep_for(d);",
        "std::getenv(name);",
        "std::map<Node*, int> m;",
        "std::set<const Node *> s;",
        "std::hash<Node*> h;",
    )

    def test_finds_every_breaker_under_the_law(self):
        for text in self.BREAKERS:
            self.assertEqual(len(found(determinism.words, text + "\n")), 1, text)

    def test_exempts_the_seams_and_the_command(self):
        for path in ("runtime/threads/a.cc", "gpu/cuda/a.cc", "cli/a.cc", "benchmarks/a.cc"):
            for text in self.BREAKERS:
                self.assertEqual(found(determinism.words, text, path), [], path)

    def test_leaves_our_own_names_and_comments_alone(self):
        for text in (
            "// like steady_clock\n",
            'log("std::thread");\n',
            "sleep_for(services, d);\n",
            "operand(1);\n",
            "std::map<GrainId, Node*> m;\n",
            "std::thread_safe x;\n",
        ):
            self.assertEqual(found(determinism.words, text), [], text)

    def test_exempts_a_listed_word_in_its_file_only(self):
        for (path, word), reason in determinism.EXEMPT.items():
            self.assertTrue(reason)
            self.assertEqual(found(determinism.words, f"{word} int a;\n", path), [])

    def test_finds_mutable_statics(self):
        for text in ("static int count = 0;\n", "  static std::vector<int> all;\n"):
            self.assertEqual(len(found(determinism.mutable_statics, text)), 1, text)
        for text in (
            "static constexpr int count = 0;\n",
            "static const Table table = make();\n",
            "static int count();\n",
            "static Result<int> make(int a) {\n",
            "static_assert(true);\n",
            "int f() { return static_cast<int>(1); }\n",
        ):
            self.assertEqual(found(determinism.mutable_statics, text), [], text)

    def test_finds_loops_over_unordered_containers(self):
        text = (
            "std::unordered_map<int, std::vector<int>> all_;\nvoid f() {\n  for (auto& a : all_)"
            " {}\n}\n"
        )
        self.assertEqual(found_in(determinism.unordered_loops, sim__a_cc=text), [("sim/a.cc", 3)])
        looked_up = text.replace("for (auto& a : all_) {}", "all_.find(1);")
        self.assertEqual(found_in(determinism.unordered_loops, sim__a_cc=looked_up), [])

    def test_knows_the_members_declared_in_the_header(self):
        header = "class A {\n  using Map = std::unordered_map<int, int>;\n  Map all_;\n};\n"
        self.assertEqual(
            found_in(
                determinism.unordered_loops,
                sim__a_h=header,
                sim__a_cc="void f() {\n  for (auto [k, v] : self->all_) {}\n}\n",
            ),
            [("sim/a.cc", 2)],
        )


class Contracts(unittest.TestCase):
    def test_wants_expected_to_be_nodiscard(self):
        self.assertEqual(len(found(contracts.nodiscard, "class Expected {\n};\n")), 1)
        self.assertEqual(found(contracts.nodiscard, "class [[nodiscard]] Expected {\n};\n"), [])
        self.assertEqual(found(contracts.nodiscard, "class Expected;\n"), [])

    def test_wants_sites_to_be_unique_in_the_product(self):
        site = 'f(THRESHER_SITE("pool.take"));\n'
        tree = {"gpu__a_cc": site, "gpu__b_cc": "\n" + site, "gpu__c_test_cc": site}
        self.assertEqual(found_in(contracts.unique_sites, **tree), [("gpu/b.cc", 2)])

    def test_reads_no_site_in_a_comment(self):
        site = 'THRESHER_SITE("pool.take")\n'
        self.assertEqual(
            found_in(contracts.unique_sites, gpu__a_cc=site, gpu__b_cc="// " + site), []
        )


class Objects(unittest.TestCase):
    def test_tells_inexact_from_exact(self):
        listing = (
            "a.o:                 U sin@GLIBC_2.2.5\na.o:                 U sqrt\nb.o: U powf\n"
        )
        listing += "b.o:                 U __exp_finite\na.o: U _Z3sinv\n"
        self.assertEqual(
            objects.inexact_calls(listing), [("a.o", "sin"), ("b.o", "powf"), ("b.o", "exp")]
        )

    def test_reads_real_objects(self):
        with tempfile.TemporaryDirectory() as build:
            folder = os.path.join(build, "CMakeFiles", "thresher_sim.dir", "sim")
            os.makedirs(folder)
            text = "double sin(double); double f(double x) { return sin(x); }"
            subprocess.run(
                ["cc", "-x", "c", "-O0", "-c", "-o", os.path.join(folder, "a.cc.o"), "-"],
                input=text.encode(),
                check=True,
            )
            problems, count = objects.libm(build)
        self.assertEqual(count, 1)
        self.assertEqual([(p.path, p.what) for p in problems], [("sim/a.cc", "calls sin of libm")])


if __name__ == "__main__":
    unittest.main()
