"""API keys: who may do what. A file keeps their digests, and no key can be read from it."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from linnaeus.errors import UsageError
from linnaeus.files import write_whole

__all__ = [
    "KEYS_FILE",
    "SCOPES",
    "Key",
    "KeyRing",
    "Scope",
    "add_key",
    "list_keys",
    "read_keys",
    "remove_key",
]

Scope = Literal["predict", "explain", "admin", "metrics"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

KEYS_FILE = Path("serve-keys.json")

PREFIX = "lin_"
"""What keys begin with, so that programs which look for secrets in files can find them."""

SECRET_BYTES = 32
"""Of chance in a key. 256 bits cannot be guessed, so one round of SHA-256 is enough to hide them:
slow digests are for passwords that people think of."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Key(BaseModel):
    """One key, as the file keeps it: whose it is, what it allows, and its digest (SHA-256, hex)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    scopes: tuple[Scope, ...]
    sha256: str
    created: str


def read_keys(file: Path) -> tuple[Key, ...]:
    """The keys in `file`. Raises UsageError where it is absent or cannot be understood."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return tuple(Key.model_validate(one) for one in content["keys"])
    except FileNotFoundError:
        mend = "Make a key with `linnaeus serve-keys add NAME --scope predict`."
        raise UsageError("there is no such file of keys", where=str(file), mend=mend) from None
    except PermissionError:
        mend = "Let whoever serves read it, with chmod; it holds digests, and no key."
        raise UsageError("the keys may not be read", where=str(file), mend=mend) from None
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        mend = "Take it from a copy, or make the keys anew with `linnaeus serve-keys add`."
        raise UsageError("the keys cannot be read", where=str(file), mend=mend) from None


def add_key(
    name: str, *, scopes: Sequence[str] = ("predict",), keys: str | Path = KEYS_FILE
) -> str:
    """Make a key called `name` that allows `scopes`; returns it, the only time it can be read.

    `keys`: the file that keeps its digest, made where there is none. Raises UsageError for a name
    that is taken or cannot be one, or for unknown scopes; WriteError where the file cannot be
    written.
    """
    file = Path(keys)
    known = read_keys(file) if file.exists() else ()
    _check_new(name, scopes, known)
    key = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    ordered = tuple(scope for scope in SCOPES if scope in scopes)
    _write(file, (*known, Key(name=name, scopes=ordered, sha256=_digest(key), created=created)))
    return key


def list_keys(keys: str | Path = KEYS_FILE) -> tuple[Key, ...]:
    """The keys in the file `keys`: whose they are and what they allow, not the keys themselves.

    Raises UsageError where it is absent or cannot be understood.
    """
    return read_keys(Path(keys))


def remove_key(name: str, *, keys: str | Path = KEYS_FILE) -> None:
    """Take back the key called `name`; a running server obeys within a second.

    Raises UsageError where there is none, WriteError where the file cannot be written.
    """
    file = Path(keys)
    known = read_keys(file)
    left = tuple(key for key in known if key.name != name)
    if len(left) == len(known):
        named = ", ".join(key.name for key in known) or "none"
        mend = f"Those in the file are: {named}."
        raise UsageError(f'there is no key called "{name}"', where=str(file), mend=mend)
    _write(file, left)


@dataclass(frozen=True)
class KeyRing:
    """The keys that a server knows."""

    keys: tuple[Key, ...]

    def holder(self, presented: str) -> Key | None:
        """Whose key was presented; None where nobody's.

        All are compared, each in constant time: how long it takes tells nothing of any.
        """
        digest, found = _digest(presented), None
        for key in self.keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _check_new(name: str, scopes: Sequence[str], known: tuple[Key, ...]) -> None:
    if not NAME.fullmatch(name):
        mend = "Give letters, digits, dots, dashes, underscores and @, at most 64."
        raise UsageError(f'"{name}" cannot be the name of a key', where="NAME", mend=mend)
    if any(key.name == name for key in known):
        mend = "Give another, or remove that key first."
        raise UsageError(f'there is a key called "{name}" already', where="NAME", mend=mend)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        mend = f"Give some of {', '.join(SCOPES)}."
        what = f'there is no scope "{unknown[0]}"' if unknown else "a key needs a scope"
        raise UsageError(what, where="--scope", mend=mend)


def _write(file: Path, keys: tuple[Key, ...]) -> None:
    """Write the file, for its owner's eyes alone, or for whom its owner had let read it."""
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o600
    content = {"keys": [key.model_dump() for key in keys]}
    write_whole(file, json.dumps(content, indent=2) + "\n")
    file.chmod(mode)
