"""Code in a page that says `<!-- path -->` above it stands in that file, and every path the page links is there.

Of a block each line has to stand there; of a table each piece of code in its last column.
"""

import re
import subprocess
import sys

from harness import SOURCE

tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=SOURCE, capture_output=True, text=True).stdout.split()
pages = [SOURCE / name for name in tracked] or list(SOURCE.glob("*.md"))
bad = []
checked = 0


def packed(code):
    return "".join(code.split())


for page in pages:
    text = page.read_text()
    for path, code in re.findall(r"<!-- (\S+) -->\n```\w*\n(.*?)```", text, re.S):
        source = [" ".join(line.split()) for line in (SOURCE / path).read_text().splitlines()]
        for line in code.splitlines():
            checked += 1
            line = " ".join(line.split())
            if line and line != "…" and line not in source:
                bad.append(f"{page.relative_to(SOURCE)}: not in {path}: {line}")
    for path, table in re.findall(r"<!-- (\S+) -->\n((?:\|.*\n)+)", text):
        source = packed((SOURCE / path).read_text())
        for row in table.splitlines()[2:]:
            for code in re.findall(r"`([^`]+)`", row.rstrip(" |").rpartition(" | ")[2]):
                checked += 1
                if packed(code) not in source:
                    bad.append(f"{page.relative_to(SOURCE)}: not in {path}: {code}")
    prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", prose):
        checked += 1
        if not (page.parent / target).exists():
            bad.append(f"{page.relative_to(SOURCE)}: no such path: {target}")
print(f"{checked} pieces of code and links in {len(pages)} pages")
print("\n".join(bad))
sys.exit(1 if bad else 0)
