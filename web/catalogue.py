"""Finds translatable words in Django templates, so that Babel alone keeps the catalogues.

`make messages` only compiles. To take up new words:
    pybabel extract --mapping-file=babel.cfg --keyword=gettext_lazy --keyword=ngettext_lazy:1,2 \
        --keyword=pgettext_lazy:1c,2 --omit-header --output=locale/django.pot .
    pybabel update --input-file=locale/django.pot --domain=django --output-dir=locale \
        --no-fuzzy-matching --ignore-obsolete --omit-header
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import IO, Any

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize


def extract_template(
    fileobj: IO[bytes],
    keywords: Mapping[str, Any],
    comment_tags: Iterable[str],
    options: Mapping[str, Any],
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Extract from a template what Django's own tool would: it turns the tags into calls first."""
    calls = templatize(fileobj.read().decode("utf-8"))
    flat = "\n".join(line.strip() for line in calls.split("\n"))
    yield from extract_python(BytesIO(flat.encode()), keywords, list(comment_tags), dict(options))
