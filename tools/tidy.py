#!/usr/bin/env python3
"""The house rules that no compiler knows. Prints one line an offence: file:line: what is wrong, and what to do.

Usage: tools/tidy.py [ROOT]. Exit status 1 if there is any offence. tools/tidy_test.py plants each of them.
"""

import os
import pathlib
import re
import sys

# Who may include whom; docs/architecture.md has the same table, and check_architecture() compares the two.
MAY_INCLUDE = {
    "base": [],
    "storage": ["base"],
    "value": ["base"],
    "expression": ["base", "value"],
    "table": ["base", "value", "storage"],
    "counter": ["base", "table"],
    "http": ["base"],
    "remote": ["base", "http", "counter"],
    "gateway": ["base", "http", "counter", "table"],
    "stream": ["base", "value", "storage", "table"],
    "aws": ["base", "http", "value", "expression", "table", "stream"],
    "torture": ["base"],
    "compare": ["base", "counter", "torture"],
    "app": ["base", "storage", "value", "expression", "table", "counter", "http", "remote", "gateway", "stream", "aws", "torture", "compare"],
}
# Everyone reads these, so RocksDB stays out of them, although they are storage's own.
STORAGE_FRONT = ["src/storage/store.h", "src/storage/committer.h"]

FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70

# What is banned in C++ code, where it is allowed all the same (a pattern on the path), and what to do instead.
BANNED = [
    (r"\bdetach\s*\(", r"$^", "a detached thread cannot be waited for: own a std::jthread"),
    (r"\bsleep_(?:for|until)\b", r"_test\.cc$|^bench/|^src/torture/", "wait for the condition itself, with a deadline"),
    (r"\bs?rand\s*\(", r"$^", "take base/random.h, so that a seed replays a run"),
    (r"\bstd::endl\b", r"$^", "it flushes: write '\\n'"),
    (r"\bstd::regex\b", r"$^", "it overflows the stack on long input: use RE2"),
    (
        r"\bcatch\s*\(\s*\.\.\.\s*\)",
        r"^src/app/main\.cc$|^src/http/connection\.cc$",
        "only main and the connection's edge catch everything: handle what you expect",
    ),
]

SKIPPED_DIRECTORIES = {".git", "build", "__pycache__", ".pytest_cache", ".cache", "node_modules"}
SKIPPED_PATHS = ("data/", "fuzz/corpus/", "test/golden/")
TEXT_SUFFIXES = {
    ".h",
    ".cc",
    ".py",
    ".md",
    ".txt",
    ".cmake",
    ".json",
    ".yaml",
    ".yml",
    ".sh",
    ".lua",
    ".supp",
    ".html",
    ".js",
}
TEXT_NAMES = {"Makefile", "LICENSE", ".clang-format", ".clang-tidy", ".editorconfig", ".gitignore", "run"}


class Tree:
    """The files of the project, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.texts = {}
        for directory, names, files in os.walk(self.root):
            names[:] = sorted(n for n in names if n not in SKIPPED_DIRECTORIES)
            for name in sorted(files):
                path = pathlib.Path(directory, name).relative_to(self.root).as_posix()
                if path.startswith(SKIPPED_PATHS):
                    continue
                if pathlib.Path(name).suffix in TEXT_SUFFIXES or name in TEXT_NAMES:
                    self.texts[path] = pathlib.Path(directory, name).read_text(encoding="utf-8", errors="replace")
        self.code = {p: blank_comments(t) for p, t in self.texts.items() if p.endswith((".h", ".cc"))}


def blank_comments(text, strings=True):
    """C++ with comments (and what is in string literals) turned to spaces; every line keeps its number and its length."""
    token = re.compile(
        r"//(?:\\\n|[^\n])*|/\*.*?\*/"
        r'|R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"'
        r'|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
        re.DOTALL,
    )

    def blank(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        if not strings or text[text.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip().startswith("#include"):
            return found
        return '"' + re.sub(r"[^\n]", " ", found[1:-1]) + '"'

    return token.sub(blank, text)


def blank_preprocessor(code):
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.MULTILINE)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


# ---- rules: each yields (path, line, message)


def check_includes(tree):
    for path, code in tree.code.items():
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', code, re.MULTILINE):
            name, line = match.group(2), line_of(code, match.start())
            if name.startswith("rocksdb/"):
                if not path.startswith("src/storage/"):
                    yield path, line, f"<{name}> outside src/storage: ask storage::Store for what you need"
                elif path in STORAGE_FRONT:
                    yield path, line, f"<{name}> in a header that everyone reads: move it behind the .cc file"
            owner = re.match(r"src/([^/]+)/", path)
            part = name.split("/")[0]
            if not owner or match.group(1) != '"' or "/" not in name or owner.group(1) == part:
                continue
            if owner.group(1) not in MAY_INCLUDE:
                yield path, line, f"part '{owner.group(1)}' is not in tools/tidy.py's table: add it there and to docs/architecture.md"
            elif part not in MAY_INCLUDE[owner.group(1)]:
                allowed = " ".join(MAY_INCLUDE[owner.group(1)]) or "nothing"
                yield path, line, f"{owner.group(1)} may not include {part} (only: {allowed}): move the code, or change the tables first"


def check_targets(tree):
    listed = {}
    for path, text in tree.texts.items():
        if path.endswith("CMakeLists.txt"):
            folder = path[: -len("CMakeLists.txt")]
            bare = re.sub(r"#[^\n]*", "", text)
            for word in re.findall(r"[\w./-]+\.cc\b", bare):
                listed[os.path.normpath(folder + word)] = path
            for target in re.findall(r"\bquipu_fuzz\(\s*(\w+)", bare):
                listed[f"{folder}{target}_fuzz.cc"] = path
    for path in tree.code:
        if path.endswith(".cc") and path.startswith(("src/", "test/", "fuzz/", "bench/")) and path not in listed:
            yield path, 1, "in no CMake target, so nobody builds it: name it in the folder's CMakeLists.txt"


def check_marks(tree):
    for path, text in tree.texts.items():
        if path in ("tools/tidy.py", "tools/tidy_test.py"):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if "FIXME" in line:
                yield path, number, "FIXME: fix it now, or write TODO(soon): with what is missing"
            if re.search(r"\bTODO\b", line) and not re.search(r"\bTODO\((?:perf|security|soon)\): \S", line):
                yield path, number, "TODO without its kind: write TODO(perf|security|soon): what is missing"


def check_text(tree):
    for path, text in tree.texts.items():
        if not text:
            continue
        if not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no newline at the end of the file: add one"
        elif text.endswith("\n\n"):
            yield path, text.count("\n"), "empty lines at the end of the file: remove them"
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line and pathlib.Path(path).name != "Makefile":
                yield path, number, "a tab: use spaces"
            if line != line.rstrip():
                yield path, number, "space at the end of the line: remove it"


def check_lengths(tree):
    for path, text in tree.texts.items():
        lines = text.count("\n")
        if path.endswith((".h", ".cc", ".py")) and lines > FILE_LINES_MAX:
            yield path, FILE_LINES_MAX + 1, f"{lines} lines, at most {FILE_LINES_MAX}: split it by concept"
    for path, code in tree.code.items():
        for start, end in functions(blank_preprocessor(code)):
            first, last = line_of(code, start), line_of(code, end)
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield path, first, (
                    f"a function of {last - first + 1} lines, at most {FUNCTION_LINES_MAX}: " "give its parts names"
                )


SCOPE = re.compile(r"(?:^|[\s>])(?:namespace|class|struct|union|extern\s*\")(?=[\s\"{:]|$)")
# What may stand between a function's parameters and its body, but for constructors' initializers.
SPECIFIERS = re.compile(
    r"\)\s*(?:const|volatile|noexcept(?:\s*\(.*?\))?|override|final|mutable|&&?|try|\s)*(?:->.*|requires.*)?$",
    re.DOTALL,
)


def functions(code):
    """(position of '{', position of '}') of every function body, outermost only, so a lambda counts as part of its function.

    Braces are classified by the text since the last ';', '{' or '}' of the same scope. Initializers stay part of it.
    """
    open_scopes = 0
    chunk_start = 0
    position = 0
    brace = re.compile(r"[{};]")
    while match := brace.search(code, position):
        at, position = match.start(), match.end()
        chunk = code[chunk_start:at]
        if match.group(0) == ";":
            if balanced(chunk):
                chunk_start = position
            continue
        if match.group(0) == "}":
            open_scopes -= 1
            chunk_start = position
            continue
        if opens_scope(chunk):
            open_scopes += 1
            chunk_start = position
            continue
        end = closing_brace(code, at)
        if opens_function(chunk):
            yield at, end
            chunk_start = end + 1
        position = end + 1


def balanced(chunk):
    return chunk.count("(") == chunk.count(")")


def opens_scope(chunk):
    head = re.sub(r"template\s*<[^{}]*?>\s*(?=(?:class|struct|union)\b)", "", chunk)
    head = re.sub(r"\b(?:alignas|__attribute__)\s*\([^)]*\)|\[\[.*?\]\]", "", head)
    return bool(SCOPE.search(head)) and "(" not in head and "=" not in head and not re.search(r"\benum\b", head)


def opens_function(chunk):
    if "(" not in chunk or not balanced(chunk):
        return False
    if SPECIFIERS.search(chunk):
        return True
    # A constructor with initializers: `) : a_(1), b_{2}` and then the body, which follows ')' or '}', not a name.
    return bool(re.search(r"\)\s*(?:noexcept\s*)?:[^:]", chunk)) and chunk.rstrip().endswith((")", "}"))


def closing_brace(code, at):
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, at):
        depth += 1 if match.group(0) == "{" else -1
        if depth == 0:
            return match.start()
    return len(code) - 1


def check_banned(tree):
    for path, code in tree.code.items():
        for pattern, allowed, instead in BANNED:
            if re.search(allowed, path):
                continue
            for match in re.finditer(pattern, code):
                yield path, line_of(code, match.start()), f"{match.group(0).strip()} is banned here: {instead}"


def check_links(tree):
    for path, text in tree.texts.items():
        if not path.endswith(".md"):
            continue
        bare = re.sub(
            r"^```.*?^```|`[^`\n]*`", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.DOTALL | re.MULTILINE
        )
        for match in re.finditer(r"\]\(([^)\s]+)\)", bare):
            target = match.group(1).split("#")[0]
            if not target or re.match(r"[a-z]+:", target):
                continue
            if not (tree.root / pathlib.Path(path).parent / target).exists():
                yield path, line_of(bare, match.start()), f"link to {target}, which is not there: correct or remove it"


def check_named_tests(tree):
    """A page that says which test holds a promise must name one that is there."""
    code = "\n".join(text for path, text in tree.texts.items() if path.endswith("_test.cc"))
    known = {
        f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", code, re.MULTILINE)
    }
    suites = {name.split(".")[0] for name in known}
    for path, text in tree.texts.items():
        if not path.startswith("docs/"):
            continue
        for match in re.finditer(r"`([A-Z]\w+)\.([A-Z]\w+)`", text):
            if match.group(1) in suites and match.group(0)[1:-1] not in known:
                yield path, line_of(
                    text, match.start()
                ), f"there is no test {match.group(0)}: name the one that proves it"


def check_formats(tree):
    for path, text in tree.texts.items():
        if re.match(r"docs/formats/[^/]+\.md$", path) and not path.endswith("README.md"):
            if not re.search(r"\bversion\b", text, re.IGNORECASE):
                yield path, 1, "a format without a version: say which version byte this page describes"


def check_architecture(tree):
    path = "docs/architecture.md"
    if path not in tree.texts:
        return
    drawn = {}
    for number, line in enumerate(tree.texts[path].split("\n"), 1):
        if row := re.fullmatch(r"\|\s*`(\w+)`\s*\|.*\|\s*([\w ]+?)\s*\|", line):
            if row.group(1) in MAY_INCLUDE and row.group(1) not in drawn:
                drawn[row.group(1)] = (number, row.group(2).split())
    others = set(MAY_INCLUDE)
    for part, allowed in MAY_INCLUDE.items():
        if part not in drawn:
            yield path, 1, f"no row '| `{part}` | ... | {' '.join(allowed) or 'nothing'} |' in the table of parts: add it"
            continue
        number, names = drawn[part]
        shown = others - {part} if names == ["everything"] else set(names) - {"nothing"}
        if shown != set(allowed):
            yield path, number, f"tools/tidy.py lets {part} include {' '.join(allowed) or 'nothing'}: make the two tables agree"


RULES = [
    check_includes,
    check_targets,
    check_marks,
    check_text,
    check_lengths,
    check_banned,
    check_links,
    check_named_tests,
    check_formats,
    check_architecture,
]


def offences(root):
    tree = Tree(root)
    return sorted({offence for rule in RULES for offence in rule(tree)})


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    found = offences(root)
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
