"""The pictures in a request's body: parts of a form, or the whole of it. Nothing touches a disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from linnaeus.serving.problems import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

__all__ = ["FIELDS", "ImageSent", "images_sent"]

FIELDS = ("images", "files")
"""What the parts of a form that hold pictures are called."""

LONGEST_NAME = 255
HOW = 'Send a form whose parts are called "images", or the bytes of one picture as the body.'


@dataclass(frozen=True)
class ImageSent:
    """One picture as it came: the bytes of its file, and its name where the caller gave one."""

    content: bytes
    name: str | None = None


def images_sent(body: bytes, content_type: str, most: int) -> list[ImageSent]:
    """The pictures in `body`, in order.

    Raises Problem where there is none, where there are more than `most`, or where the body is of
    another type or cannot be understood.
    """
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        sent = _in_form(body, options.get(b"boundary", b""), most)
    elif kind == b"application/json" or kind.startswith((b"multipart/", b"text/")):
        raise Problem("unsupported-type", f"{kind.decode('latin-1')} holds no picture. {HOW}")
    else:
        sent = [ImageSent(body)] if body else []
    if not sent:
        raise Problem("no-image", f"No picture came with the request. {HOW}")
    return sent


def _in_form(body: bytes, boundary: bytes, most: int) -> list[ImageSent]:
    form = _Form(most)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Problem("malformed", f"The form cannot be understood ({error}). {HOW}") from None
    if not form.ended:
        raise Problem("malformed", f"The form ends before its last boundary. {HOW}")
    return form.sent


@dataclass
class _Form:
    """What a parser has found so far."""

    most: int
    sent: list[ImageSent] = field(default_factory=list)
    ended: bool = False
    _header: bytes = b""
    _value: bytes = b""
    _disposition: bytes = b""
    _chunks: list[bytes] = field(default_factory=list)

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._all_read,
        }

    def _begin(self) -> None:
        self._disposition, self._chunks = b"", []

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def _end(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name not in FIELDS:
            called = f'called "{name[:40]}"' if name else "without a name"
            raise Problem("not-valid", f"The form has a part {called}, which is not read. {HOW}")
        if len(self.sent) == self.most:
            raise too_many_images(self.most)
        file = options.get(b"filename")
        called_file = None if file is None else file.decode("utf-8", "replace")[:LONGEST_NAME]
        self.sent.append(ImageSent(b"".join(self._chunks), called_file))

    def _all_read(self) -> None:
        self.ended = True


def too_many_images(most: int) -> Problem:
    """The refusal of a request with more than `most` pictures."""
    many = "one picture" if most == 1 else f"at most {most} pictures"
    detail = f"A request may hold {many} here. Send the others with another request."
    return Problem("too-many-images", detail)
