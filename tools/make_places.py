"""Write lcm_service/data/places.csv from the countries table of OCHA, as a Python package carries it.

    pip download --no-deps --dest build/places hdx-python-country==4.2.5
    .venv/bin/python tools/make_places.py build/places/hdx_python_country-4.2.5-py3-none-any.whl

The package itself is not used by the service. Its file is read as it is in the wheel; what is kept, and under
which terms, is said in lcm_service/data/NOTICE.md and docs/data.md. The same wheel gives the same bytes.
"""

import csv
import io
import sys
import zipfile
from pathlib import Path

TABLE = "hdx/location/Countries & Territories Taxonomy MVP - C&T Taxonomy.csv"
PLACES = Path(__file__).resolve().parent.parent / "lcm_service" / "data" / "places.csv"
LANGUAGES = {
    "ar": "Arabic",
    "zh": "Chinese",
    "en": "English",
    "fr": "French",
    "ru": "Russian",
    "es": "Spanish",
}
REGION_COLUMNS = ("Region Code", "Sub-region Code", "Intermediate Region Code")
# Places that are no entry of the UN's list of short names, and that a mission of the reference list is in.
PLACES_OF_MISSIONS = frozenset({"ESH"})
HEADINGS = ["code", "m49", "regions", "is_member_state", *(f"name_{language}" for language in LANGUAGES)]


def rows_of(wheel: Path) -> list[dict[str, str]]:
    """The table's rows, one a country or area."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(TABLE).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def place_of(row: dict[str, str]) -> dict[str, str]:
    """A row in the project's own form: M49 codes get back the zeros in front that the table has lost."""
    regions = [row[column].zfill(3) for column in REGION_COLUMNS if row[column]]
    is_listed = row["Appears in UNTERM list"] == "Y"
    # The UN's short name where the UN has one; else the name in the M49 table.
    names = {
        f"name_{code}": row[f"{language} Short"] if is_listed else row[f"M49 {language}"]
        for code, language in LANGUAGES.items()
    }
    return {
        "code": row["ISO 3166-1 Alpha 3-Codes"],
        "m49": row["m49 numerical code"].zfill(3),
        "regions": "|".join(regions),
        "is_member_state": "yes" if row["Appears in DGACM list"] == "Y" else "no",
        **{name: text.strip() for name, text in names.items()},
    }


def main(wheel: Path) -> None:
    kept = [
        place_of(row)
        for row in rows_of(wheel)
        if row["Appears in UNTERM list"] == "Y" or row["ISO 3166-1 Alpha 3-Codes"] in PLACES_OF_MISSIONS
    ]
    with PLACES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADINGS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(kept, key=lambda place: place["code"]))
    states = sum(place["is_member_state"] == "yes" for place in kept)
    print(f"{PLACES.name}: {len(kept)} places, {states} of them Member States.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
