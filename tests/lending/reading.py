"""What stands in a document: its text, page after page, in plain spaces."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader


def text_of_pdf(content: bytes) -> str:
    """All words of a PDF; runs of spaces and line ends are one space."""
    pages = (page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    return " ".join(" ".join(pages).replace("\u00a0", " ").split())
