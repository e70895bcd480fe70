"""The files in ``lcm_service/data``, read as they are written. docs/data.md says what each of them is."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES

DATA_FOLDER = Path(__file__).resolve().parent.parent / "data"


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table, each as column -> text; an empty text is nothing stated."""
    with (DATA_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_document(name: str) -> Any:
    """The content of a JSON file."""
    return json.loads((DATA_FOLDER / name).read_text(encoding="utf-8"))


def names_in(row: Mapping[str, str]) -> dict[str, str]:
    """The names of a row by language, from its columns ``name_en``, ``name_fr``...; no empty ones."""
    return {
        language: row[f"name_{language}"] for language in LANGUAGES_OF_PAGES if row.get(f"name_{language}")
    }


def codes_in(text: str) -> list[str]:
    """The codes of a cell that holds several, separated by ``|``."""
    return [code for code in text.split("|") if code]
