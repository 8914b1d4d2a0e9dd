#!/usr/bin/env python3
"""Runs the console blocks of a Markdown file, or of one section of it, and compares what they print.

A line `$ COMMAND` is run; the lines below it are its output. `...` inside a line stands for any text, alone on a line for
any lines, also none."""
import pathlib
import re
import subprocess
import sys


def section(text, title):
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1]


def steps(text):
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        command, expected = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, expected
                command, expected = line[2:], []
            else:
                expected.append(line)
        if command:
            yield command, expected


def pattern(expected):
    lines = [r"(?:.*\n)*" if line == "..." else ".*".join(map(re.escape, line.rstrip().split("..."))) + r" *\n"
             for line in expected]
    return "".join(lines)


def run(command):
    """What the command printed; one that ends with & is left running."""
    if command.endswith("&"):
        subprocess.Popen(["bash", "-c", command.rstrip("& ")], start_new_session=True)
        return ""
    done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
    return done.stdout


def main():
    count = 0
    page = pathlib.Path(sys.argv[1]).read_text()
    for command, expected in steps(section(page, sys.argv[2]) if len(sys.argv) > 2 else page):
        print(f"$ {command}", flush=True)
        output = run(command)
        print(output, end="", flush=True)
        if not re.fullmatch(pattern(expected), output):
            print("expected:\n" + "\n".join(expected))
            return 1
        count += 1
    print(f"{count} commands did what the page says")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
