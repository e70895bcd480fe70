"""``python -m optimizer``: see `command_line/`."""

import os
import sys
import threading

from optimizer.command_line.commands import main
from optimizer.command_line.output import open_closed_streams

if __name__ == "__main__":
    open_closed_streams()
    status = main(sys.argv[1:])
    if threading.active_count() > 1:
        # A search that was stopped is deep in a solver's own code and cannot be asked to leave.
        os._exit(status)
    sys.exit(status)
