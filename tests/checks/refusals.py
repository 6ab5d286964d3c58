"""What a check says of a file that is not as it must be, and the proof that it would say so."""

import pathlib
import sys


class Refused(Exception):
    """A file is not as it must be."""


def refuses(label: str, text: str, old: str, new: str, word: str, check, copy: pathlib.Path) -> bool:
    """Whether `check` refuses the copy with `old` replaced by `new`, and for the reason that was meant."""
    if old not in text:
        print(f"FAILED  {label}: `{old}` is not in the file any more", file=sys.stderr)
        return False
    copy.write_text(text.replace(old, new))
    try:
        check(copy)
    except Refused as why:
        if word in str(why):
            return True
        print(f"FAILED  {label}: refused for another reason: {why}", file=sys.stderr)
        return False
    print(f"FAILED  {label}: a broken copy is accepted", file=sys.stderr)
    return False
