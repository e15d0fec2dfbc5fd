"""The verdict of an audit: whether one may go on with these pictures, in one sentence."""

from __future__ import annotations

from linnaeus.data.findings import Audit, Severity

__all__ = ["verdict"]


def verdict(audit: Audit) -> str:
    """One sentence on the most severe of what was found."""
    if count := _of(audit, "error"):
        them = "it" if count == 1 else "them"
        return f"{_things(count)} would make results wrong: mend {them} first."
    if count := _of(audit, "warning"):
        ask = "asks" if count == 1 else "ask"
        return f"Nothing makes results wrong, but {_things(count).lower()} {ask} for a decision."
    if count := _of(audit, "note"):
        are = "is" if count == 1 else "are"
        return f"Nothing stands in the way; {_things(count).lower()} {are} worth knowing."
    return "Nothing wrong was found."


def _of(audit: Audit, severity: Severity) -> int:
    return sum(finding.severity == severity for finding in audit.findings)


def _things(count: int) -> str:
    return "One thing" if count == 1 else f"{count:,} things"
