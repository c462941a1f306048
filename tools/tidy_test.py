#!/usr/bin/env python3
"""Plants every offence that tidy.py knows into a small clean tree, and expects exactly that one back."""

import pathlib
import shutil
import tempfile
import textwrap
import unittest

import tidy

CLEAN = {
    "src/base/CMakeLists.txt": "quipu_library(base SOURCES a.cc TESTS a_test.cc)\n",
    "src/base/a.h": "#pragma once\nint f();\n",
    "src/base/a.cc": '#include "base/a.h"\n\n#include <vector>\n\nint f() { return 1; }\n',
    "src/base/a_test.cc": '#include "base/a.h"\nvoid wait() { std::this_thread::sleep_for(1ms); }\n',
    "src/storage/CMakeLists.txt": "quipu_library(storage SOURCES store.cc)\n",
    "src/storage/store.h": "#pragma once\n",
    "src/storage/store.cc": '#include <rocksdb/db.h>\n\n#include "base/a.h"\n',
    "fuzz/CMakeLists.txt": "quipu_fuzz(json base)\n",
    "fuzz/json_fuzz.cc": '#include "base/a.h"\n',
    "docs/formats/row.md": "# Rows\nVersion byte 1.\n",
    "README.md": "[rows](docs/formats/row.md) [site](https://example.org/x) `[no](link.md)`\n",
    "Makefile": "all:\n\techo\n",
}


def long_function(head, lines):
    return head + " {\n" + "  step();\n" * (lines - 2) + "}\n"


class Planted(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for path, text in CLEAN.items():
            self.write(path, text)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def found(self):
        return [f"{path}:{line}: {message}" for path, line, message in tidy.offences(self.root)]

    def expect(self, path, text, *starts):
        self.write(path, text)
        found = self.found()
        self.assertEqual(len(found), len(starts), found)
        for line, start in zip(found, starts):
            self.assertTrue(line.startswith(start), f"{line!r} does not start with {start!r}")

    def body(self, text):
        return textwrap.dedent(text).lstrip("\n")

    def test_clean_tree_is_clean(self):
        self.assertEqual(self.found(), [])

    def test_wrong_direction_include(self):
        self.expect(
            "src/base/a.cc",
            '#include "storage/store.h"\n',
            "src/base/a.cc:1: base may not include storage (only: nothing)",
        )

    def test_part_that_nobody_knows(self):
        self.write("src/new/CMakeLists.txt", "quipu_library(new SOURCES n.cc)\n")
        self.expect("src/new/n.cc", '\n#include "base/a.h"\n', "src/new/n.cc:2: part 'new' is not in")

    def test_include_in_a_comment_is_none(self):
        self.expect("src/base/a.cc", '// #include "storage/store.h"\n/*\n#include "table/x.h"\n*/\n')

    def test_rocksdb_outside_storage(self):
        self.expect("src/base/a.cc", "#include <rocksdb/db.h>\n", "src/base/a.cc:1: <rocksdb/db.h> outside src/storage")

    def test_rocksdb_in_the_header_that_all_read(self):
        self.expect(
            "src/storage/store.h", "#include <rocksdb/db.h>\n", "src/storage/store.h:1: <rocksdb/db.h> in a header"
        )

    def test_source_in_no_target(self):
        self.expect("src/base/lost_test.cc", "", "src/base/lost_test.cc:1: in no CMake target")

    def test_source_whose_line_is_commented_out(self):
        self.expect(
            "src/base/CMakeLists.txt",
            "quipu_library(base SOURCES a.cc\n# a_test.cc\n)\n",
            "src/base/a_test.cc:1: in no CMake target",
        )

    def test_fuzz_source_in_no_target(self):
        self.expect("fuzz/other_fuzz.cc", "", "fuzz/other_fuzz.cc:1: in no CMake target")

    def test_fixme(self):
        self.expect("src/base/a.h", "// FIXME later\n", "src/base/a.h:1: FIXME")

    def test_todo_without_kind(self):
        self.expect(
            "src/base/a.h",
            "// TODO(perf): batch it\n// TODO: batch it\n// TODO(anna): x\n",
            "src/base/a.h:2: TODO",
            "src/base/a.h:3: TODO",
        )

    def test_file_too_long(self):
        self.expect("src/base/a.h", "int x;\n" * 801, "src/base/a.h:801: 801 lines")

    def test_file_of_the_greatest_length(self):
        self.expect("src/base/a.h", "int x;\n" * 800)

    def test_function_too_long(self):
        self.expect(
            "src/base/a.cc", "int x;\n" + long_function("int f()", 71), "src/base/a.cc:2: a function of 71 lines"
        )

    def test_function_of_the_greatest_length(self):
        self.expect("src/base/a.cc", long_function("int f()", 70))

    def test_every_shape_of_function_is_measured(self):
        for head in [
            "TEST(Part, Fact)",
            "auto f(int a) noexcept(noexcept(g())) -> std::vector<int>",
            "bool A::operator()(int x) const&",
            "A::A(int a) : a_(a), b_{a, {1}}, c_(g(a))",
            "template <class T>\nrequires Big<T>\nResult<> f(T&& t)",
            "namespace a::b {\nclass C final : public D {\n public:\n  ~C() override",
            "enum class E : int { a, b };\nvoid f()",
            'struct P { int x = 1; std::string s{"}"}; };\nvoid f()',
            "auto f = [](int a) mutable",
            'extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)',
            "#define X {\nvoid f(char c = '{')",
        ]:
            with self.subTest(head):
                text = long_function(head, 71) + "}\n}\n" * head.count("class C")
                self.write("src/base/a.cc", text)
                self.assertEqual(
                    [line.split(": ")[1] for line in self.found()], ["a function of 71 lines, at most 70"], head
                )

    def test_what_is_long_and_no_function(self):
        self.expect(
            "src/base/a.cc",
            self.body("""
            namespace quipu {
            class A {
              void f() { return; }
            MANY
            };
            constexpr auto table = std::to_array<Row>({
            ROWS
            });
            const std::map<int, int> m = {
            ROWS
            };
            }
            """).replace("MANY", "  int x = 0;\n" * 80).replace("ROWS", "  {1, f(2)},\n" * 80),
        )

    def test_two_functions_are_not_one(self):
        self.expect("src/base/a.cc", long_function("int f()", 60) + long_function("int g()", 60))

    def test_braces_in_strings_do_not_count(self):
        self.expect(
            "src/base/a.cc",
            'int f() { return g("{", R"x({"a")x", \'{\', 1\'000); }\n' + "int x;\n" * 80 + "int h() { return 1; }\n",
        )

    def test_banned_calls(self):
        for code, start in [
            ("thread.detach();", "detach("),
            ("std::this_thread::sleep_for(1s);", "sleep_for"),
            ("int x = rand();", "rand("),
            ("out << std::endl;", "std::endl"),
            ("std::regex r;", "std::regex"),
            ("try {} catch (...) {}", "catch (...)"),
        ]:
            with self.subTest(code):
                self.expect(
                    "src/base/a.cc",
                    f'// {code}\nauto s = "{code}";\nvoid f() {{ {code} }}\n',
                    f"src/base/a.cc:3: {start} is banned",
                )

    def test_operand_is_no_rand(self):
        self.expect("src/base/a.cc", "int x = operand(1);\n")

    def test_tab(self):
        self.expect("src/base/a.h", "int\tx;\n", "src/base/a.h:1: a tab")

    def test_trailing_space(self):
        self.expect("src/base/a.h", "int x; \n", "src/base/a.h:1: space at the end")

    def test_no_final_newline(self):
        self.expect("src/base/a.h", "int x;", "src/base/a.h:1: no newline at the end")

    def test_empty_lines_at_the_end(self):
        self.expect("src/base/a.h", "int x;\n\n", "src/base/a.h:2: empty lines")

    def test_dead_link(self):
        self.expect(
            "docs/x.md",
            "a\n[gone](formats/gone.md#x) [here](formats/row.md#v) [top](#top)\n",
            "docs/x.md:2: link to formats/gone.md",
        )

    def test_page_that_names_a_test_which_is_gone(self):
        self.write("src/base/a_test.cc", "TEST(Part, Fact) {}\nTEST_F(Fixture, LongName) {}\n")
        self.expect(
            "docs/x.md",
            "`Part.Fact` `Fixture.LongName` `Other.Thing` `a.h`\n`Part.Gone`\n",
            "docs/x.md:2: there is no test",
        )

    def test_format_without_version(self):
        self.expect("docs/formats/row.md", "# Rows\n", "docs/formats/row.md:1: a format without a version")

    def test_table_of_parts_that_disagrees(self):
        rows = [f"| `{part}` | what it is | {' '.join(may) or 'nothing'} |\n" for part, may in tidy.MAY_INCLUDE.items()]
        table = "".join(rows).replace(" ".join(tidy.MAY_INCLUDE["app"]), "everything")
        self.expect("docs/architecture.md", table)
        path = "docs/architecture.md"
        line = list(tidy.MAY_INCLUDE).index("table") + 1
        self.expect(
            path, table.replace("| base value storage |", "| base value |"), f"{path}:{line}: tools/tidy.py lets table"
        )
        self.expect(path, table.replace("| `http` |", "| `web` |"), f"{path}:1: no row '| `http` | ... | base |'")


if __name__ == "__main__":
    unittest.main()
