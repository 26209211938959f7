"""Code in a README that says `<!-- path -->` above it stands in that file, line by line, and every path it links is there."""

import re
import subprocess
import sys

from harness import SOURCE

tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=SOURCE, capture_output=True, text=True).stdout.split()
pages = [SOURCE / name for name in tracked] or list(SOURCE.glob("*.md"))
bad = []
checked = 0
for page in pages:
    text = page.read_text()
    for path, code in re.findall(r"<!-- (\S+) -->\n```\w*\n(.*?)```", text, re.S):
        source = [" ".join(line.split()) for line in (SOURCE / path).read_text().splitlines()]
        for line in code.splitlines():
            checked += 1
            line = " ".join(line.split())
            if line and line != "…" and line not in source:
                bad.append(f"{page.relative_to(SOURCE)}: not in {path}: {line}")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        checked += 1
        if not (page.parent / target).exists():
            bad.append(f"{page.relative_to(SOURCE)}: no such path: {target}")
print(f"{checked} lines and links in {len(pages)} pages")
print("\n".join(bad))
sys.exit(1 if bad else 0)
