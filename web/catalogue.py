"""Finds translatable words in Django templates, so that Babel alone keeps the catalogues.

`make messages` only compiles. To take up new words, with Django's settings at hand:
    pybabel extract --mapping-file=babel.cfg --keyword=gettext_lazy --keyword=ngettext_lazy:1,2 \
        --keyword=pgettext_lazy:1c,2 --ignore-dirs='.*' --add-location=file --sort-by-file \
        --width=100 --output=/tmp/django.pot .
    pybabel update --input-file=/tmp/django.pot --domain=django --output-dir=locale --width=100 \
        --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from typing import IO, Any

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize


def extract_template(
    fileobj: IO[bytes],
    keywords: Mapping[str, Any],
    comment_tags: Collection[str],
    options: Any,
) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    """Extract from a template what Django's own tool would: it turns the tags into calls first."""
    calls = templatize(fileobj.read().decode("utf-8"))
    flat = "\n".join(line.strip() for line in calls.split("\n"))
    yield from extract_python(BytesIO(flat.encode()), keywords, comment_tags, options)
