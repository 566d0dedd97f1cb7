"""Writes the tables of this folder from Python's `unicodedata` (3.11: Unicode 14).

- `ascii.txt`: an ASCII text (`␠` is a space), a tab, and the characters of which that is left in ASCII of
  their compatibility decomposition (NFKD).
- `composites.txt`: a character, and the two that compose to it (NFC).
- `decompositions.txt`: a character, and those that take its place in NFC.
- `combining.txt`: a canonical combining class, a tab, and its characters.
"""

import pathlib
import unicodedata

FOLDER = pathlib.Path(__file__).parent
ASSIGNED = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def is_hangul(character):
    return "\uac00" <= character <= "\ud7a3"


def write(name, lines):
    FOLDER.joinpath(name).write_text("".join(line + "\n" for line in lines), "utf-8")


def grouped(key):
    groups = {}
    for character in ASSIGNED:
        if character.isascii() or not key(character):
            continue
        groups.setdefault(key(character), []).append(character)
    return [f"{name}\t{''.join(members)}" for name, members in sorted(groups.items())]


def ascii_part(character):
    decomposed = unicodedata.normalize("NFKD", character)
    return decomposed.encode("ascii", "ignore").decode().replace(" ", "␠")


def canonical(character):
    mapping = unicodedata.decomposition(character)
    if not mapping or mapping.startswith("<"):
        return ""
    return "".join(chr(int(code, 16)) for code in mapping.split())


composites, decompositions = [], []
for character in ASSIGNED:
    if is_hangul(character) or not canonical(character):
        continue
    if unicodedata.normalize("NFC", character) == character:
        composites.append(character + canonical(character))
    else:
        decompositions.append(character + unicodedata.normalize("NFD", character))

write("ascii.txt", grouped(ascii_part))
write("composites.txt", composites)
write("decompositions.txt", decompositions)
write("combining.txt", grouped(unicodedata.combining))
