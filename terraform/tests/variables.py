#!/usr/bin/env python3
"""Whether every variable has a type, a description and, unless it is a bool, a validation."""

import re
import sys
from pathlib import Path

VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
PARTS = {"a type": r"^  type\s*=", "a description": r"^  description\s*=", "a validation": r"^  validation \{|^  type\s*= bool$"}

root = Path(__file__).resolve().parents[1]
files = [file for file in sorted(root.rglob("*.tf")) if ".terraform" not in file.parts]
lacking = [
    f"{file.relative_to(root)}: {name} has not {what}"
    for file in files
    for name, body in VARIABLE.findall(file.read_text())
    for what, sign in PARTS.items()
    if not re.search(sign, body, re.MULTILINE)
]
sys.exit("\n".join(lacking) or 0)
