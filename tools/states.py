"""Write docs/states.md from the lives in `lcm_service/domain/`: `.venv/bin/python tools/states.py`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lcm_service.domain.lives import LIVES, NOTHING  # noqa: E402
from lcm_service.domain.record_lives import RECORD_STEPS  # noqa: E402

PAGE = ROOT / "docs" / "states.md"
HEAD = """# States

Which step leads from which state to which, and whose press it is. `.venv/bin/python tools/states.py` writes
this page from `lcm_service/domain/lives.py` and `record_lives.py`, where the services ask whether a step is
open; a test holds it against them. A record is a need, an offer or a support.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for kind, steps in {"record": RECORD_STEPS, **LIVES}.items():
        parts.append(f"## The life of a {kind}\n\n| step | from | to | by | when |\n|---|---|---|---|---|")
        for step in steps:
            before, after = (
                between.join("nothing" if state == NOTHING else state for state in states)
                for between, states in ((", ", step.before), (" or ", step.after))
            )
            cells = (step.action, before, after, "; ".join(step.who), step.when)
            parts[-1] += "\n| " + " | ".join(cells) + " |"
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
