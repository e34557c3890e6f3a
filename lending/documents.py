"""Documents as PDF: typst sets them from a template and from words and figures given as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import typst
from django.conf import settings

FOLDER: Final = Path(settings.BASE_DIR) / "templates" / "documents"


def pdf(template: str, data: Mapping[str, object], *, at: datetime) -> bytes:
    """Set `template` (a name in templates/documents) with `data`; the same data, the same bytes.

    Only the fonts that typst brings are used, so every machine sets the same page. The document
    is an archive PDF (PDF/A-2a) with tags for screen readers.
    """
    made = typst.compile(
        FOLDER / f"{template}.typ",
        root=FOLDER,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["a-2a"],
        timestamp=int(at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError(f"{template} became {type(made).__name__}")
    return made
