#!/usr/bin/env python3
"""Tests of the repository itself: lint.py CHECK, or no argument for all. Prints one line a finding; exit status 1 if any."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = ("common", "registry", "resolver", "netsetup", "hosts", "api", "daemon", "cli")

# Who may include what: the longest prefix of the including file decides; an entry is a prefix of the included path.
MAY_INCLUDE = {
    "common/": ["common/"],
    "registry/": ["common/", "registry/"],
    "registry/model": ["common/"],
    "resolver/": ["common/", "registry/model.h", "resolver/"],
    "resolver/dns/": ["common/", "resolver/dns/"],
    "resolver/zone/": ["common/", "registry/model.h", "registry/validate.h", "resolver/dns/", "resolver/zone/"],
    "resolver/answer": ["common/", "resolver/dns/", "resolver/zone/", "resolver/answer"],
    "netsetup/": ["common/", "registry/model.h", "netsetup/"],
    "netsetup/ipam/": ["common/", "registry/model.h", "netsetup/ipam/"],
    "hosts/": ["common/", "registry/model.h", "hosts/"],
    "api/": ["common/", "registry/model.h", "registry/labels.h", "registry/validate.h", "api/"],
    "cli/": ["common/", "registry/model.h", "registry/labels.h", "registry/validate.h", "api/", "cli/"],
    "daemon/": ["common/", "registry/", "resolver/", "netsetup/", "hosts/", "api/", "daemon/"],
}

# Headers of libraries and where alone they may stand: a type of theirs must not leave its adapter.
ADAPTERS = {
    r"netlink/(netlink|route|object|cache)|libnl": ["netsetup/netlink/"],
    r"nftables/": ["netsetup/nft/"],
    r"SQLiteCpp/|sqlite3\.h": ["registry/sqlite/"],
    r"ares": ["resolver/forward/"],
    r"CLI/": ["cli/", "daemon/options"],
    r"toml\+\+/": ["daemon/"],
    r"prometheus/": ["daemon/"],
    r"systemd/": ["daemon/"],
    r"boost/beast": ["api/"],
    r"boost/(?!intrusive|container)": ["api/", "daemon/", "cli/", "resolver/server/", "resolver/forward/", "resolver/resolver.cpp", "netsetup/proxy/", "netsetup/flow_cleaner", "netsetup/spare_sandbox", "common/task_group"],
}

# The pure core: values in, values out. No sockets, files, threads or clocks of the system.
PURE = ("resolver/dns/", "resolver/zone/", "resolver/answer", "resolver/cache/", "netsetup/ipam/", "registry/validate", "registry/model")
IMPURE_HEADERS = r"^(sys/(?!types)|unistd|fcntl|poll|sched|thread|mutex|condition_variable|filesystem|fstream|linux/|boost/(?!intrusive|container))"

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500

FORBIDDEN = [
    (re.compile(r"\basio::detached\b|[,(] *detached\)"), "spawn through an owner that waits, never detached", CODE),
    (re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))"), "a TODO needs an issue number: TODO(#12)", (*CODE, "tests", "tools", "bench", "demo")),
    (re.compile(r"\bstd::(recursive_|shared_|timed_)?mutex\b|pthread_mutex_t"), "no mutex in our code", CODE),
    (re.compile(r"\bstd::exit\b|(?<![\w.:])_?exit\("), "no exit below main", CODE),
    (re.compile(r"sleep_(for|until)\(|\busleep\("), "wait for an event, not for time", (*CODE, "tests")),
    (re.compile(r"\bsystem\(|\bpopen\("), "no shell in the programs", CODE),
]


def ratchet():
    lines = (ROOT / "tests/lint/ratchet.txt").read_text().splitlines()
    return {name: int(count) for name, count in (line.split() for line in lines if line and not line.startswith("#"))}


def repository_files(*suffixes):
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if "build" not in path.relative_to(ROOT).parts[:1]]
    return sorted(name for name in set(names) if name.endswith(suffixes) and (ROOT / name).is_file())


def sources(folders=CODE):
    return [name for name in repository_files(".h", ".cpp") if name.split("/")[0] in folders]


def lines_of(name):
    return (ROOT / name).read_text(errors="replace").splitlines()


def without_comment(line):
    return re.sub(r"//.*", "", line)


def allowed_for(name):
    best = max((prefix for prefix in MAY_INCLUDE if name.startswith(prefix)), key=len, default=None)
    return MAY_INCLUDE.get(best)


def check_layering():
    """Nobody includes what stands beside or above it."""
    for name in sources():
        for number, line in enumerate(lines_of(name), 1):
            found = re.match(r'\s*#include "([^"]+)"', line)
            if not found:
                continue
            target = found[1]
            if not (ROOT / target).is_file() and not (ROOT / f"{target}.in").is_file():
                yield f"{name}:{number}: '{target}' is no path from the root of the repository"
            elif not any(target.startswith(prefix) for prefix in allowed_for(name)):
                yield f"{name}:{number}: may not include '{target}'"


def check_adapters():
    """Headers of libraries stand in their adapter alone, and the pure core includes nothing of the system."""
    for name in sources():
        for number, line in enumerate(lines_of(name), 1):
            found = re.match(r"\s*#include <([^>]+)>", line)
            if not found:
                continue
            header = found[1]
            home = next((homes for pattern, homes in ADAPTERS.items() if re.match(pattern, header)), None)
            if home and not name.startswith(tuple(home)):
                yield f"{name}:{number}: <{header}> belongs into {' or '.join(home)}"
            if name.startswith(PURE) and re.match(IMPURE_HEADERS, header):
                yield f"{name}:{number}: <{header}> in the pure core"


def check_words():
    """Constructs that our rules forbid."""
    for name in repository_files(".h", ".cpp", ".c", ".py", ".sh"):
        folder = name.split("/")[0]
        if name == "tests/lint/lint.py":
            continue
        for number, line in enumerate(lines_of(name), 1):
            for pattern, reason, folders in FORBIDDEN:
                text = line if "TODO" in pattern.pattern else without_comment(line)
                if folder in folders and pattern.search(text):
                    yield f"{name}:{number}: {reason}"


def check_readmes():
    """Every top-level folder with sources says what it is for and how it is tested."""
    for folder in sorted({name.split("/")[0] for name in repository_files(".h", ".cpp", ".sh", ".py") if "/" in name}):
        if folder.startswith("."):
            continue
        readme = ROOT / folder / "README.md"
        if not readme.is_file():
            yield f"{folder}/README.md is missing"
        elif "test" not in readme.read_text().lower():
            yield f"{folder}/README.md does not say how the folder is tested"


def check_headers():
    """Every header is guarded."""
    for name in repository_files(".h"):
        if "#pragma once" not in (ROOT / name).read_text():
            yield f"{name}: no #pragma once"


NOT_A_FUNCTION = re.compile(r"^(namespace|class|struct|enum|union|extern|switch|if|for|while|else|do|try|return)\b|^}|=\s*{$")


def functions(name):
    """(name and line, length) of each function at namespace or class level, by the indentation of its braces."""
    lines = lines_of(name)
    for start, line in enumerate(lines):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if indent > 4 or not text.endswith("{") or ")" not in text or NOT_A_FUNCTION.match(text):
            continue
        closing = " " * indent + "}"
        end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith(closing)), None)
        if end is not None:
            yield f"{name}:{start + 1}", end - start + 1


def check_length():
    """Long functions and long files may only get fewer (ratchet.txt)."""
    names = sources((*CODE, "tests", "bench"))
    long_functions = [f"{place}: a function of {size} lines" for name in names for place, size in functions(name)
                      if size > FUNCTION_LINES_MAX]
    long_files = [f"{name}: {len(lines_of(name))} lines" for name in names if len(lines_of(name)) > FILE_LINES_MAX]
    allowed = ratchet()
    for kind, found in (("long_functions", long_functions), ("long_files", long_files)):
        if len(found) > allowed[kind]:
            yield from found
            yield f"{kind}: {len(found)}, ratchet.txt allows {allowed[kind]}"
        elif len(found) < allowed[kind]:
            yield f"{kind}: only {len(found)} left; lower the number in ratchet.txt"


def check_events():
    """Every event= of the code is explained to the operator, and nothing else is."""
    in_code = {}
    for name in sources():
        for number, line in enumerate(lines_of(name), 1):
            for event in re.findall(r'event=([a-z_.]+)|\bwarn\("([a-z_]+)", container', line):
                event = event[0] or event[1]
                in_code.setdefault(event, f"{name}:{number}")
    page = ROOT / "docs/log-events.md"
    documented = set(re.findall(r"^## `?([a-z_]+)`?", page.read_text(), re.MULTILINE))
    for event in sorted(in_code.keys() - documented):
        yield f"{in_code[event]}: event={event} is not in docs/log-events.md"
    for event in sorted(documented - in_code.keys()):
        yield f"docs/log-events.md: no code logs event={event}"


def check_routes():
    """Every route of the server is in docs/api.md."""
    table = [name for name in sources(("api",)) if pathlib.Path(name).stem.startswith("routes")]
    page = (ROOT / "docs/api.md").read_text() if (ROOT / "docs/api.md").is_file() else ""
    for name in table:
        for number, line in enumerate(lines_of(name), 1):
            for route in re.findall(r'"(/[a-z_][A-Za-z_/{}.-]*)"', line):
                if route not in page:
                    yield f"{name}:{number}: route {route} is not in docs/api.md"


def check_flags():
    """Every flag of the command line is in its man page."""
    page = (ROOT / "docs/man/ns-register.1").read_text().replace("\\-", "-")
    for name in sources(("cli",)):
        for number, line in enumerate(lines_of(name), 1):
            for flags in re.findall(r'add_(?:flag|option)\("([^"]+)"', line):
                for flag in flags.split(","):
                    if flag.startswith("-") and not re.search(re.escape(flag) + r"(?![\w-])", page):
                        yield f"{name}:{number}: {flag} is not in docs/man/ns-register.1"


def check_links():
    """Relative links between our documents lead somewhere."""
    for name in repository_files(".md"):
        for number, line in enumerate(lines_of(name), 1):
            for target in re.findall(r"\]\(([^)#\s]+)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                if not (ROOT / name).parent.joinpath(target).exists():
                    yield f"{name}:{number}: link to '{target}' leads nowhere"


CHECKS = {name.removeprefix("check_"): value for name, value in list(globals().items()) if name.startswith("check_")}


def main():
    failed = False
    for name in sys.argv[1:] or CHECKS:
        for finding in CHECKS[name]():
            print(finding)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
