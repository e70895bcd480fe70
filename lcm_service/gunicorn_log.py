"""What gunicorn says, in the lines of the service and without the addresses that were asked for."""

import logging
from typing import Any, Final

from gunicorn.config import Config
from gunicorn.glogging import Logger

from lcm_service.logs import line_formatter

# What follows it in gunicorn's words about a request that it could not read is the request itself.
FROM_WHERE: Final = " from ip="


class LineLogger(Logger):
    """gunicorn's own logger, by the formatter of all other processes.

    Of a request that failed outside of the application, or could not be read, gunicorn names the address,
    which may hold the code of an invitation, and whence it came; here both are left out. No access log is
    written: the application logs what is refused.
    """

    def setup(self, cfg: Config) -> None:
        """Write every entry as a line of JSON."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(line_formatter())

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log a fault by its kind alone; the words before the first value say what was done."""
        kwargs.setdefault("exc_info", True)
        self.error_log.log(logging.ERROR, str(msg).partition("%")[0].strip(), **kwargs)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log a warning; of a request that could not be read, that it was invalid."""
        super().warning(msg.partition(FROM_WHERE)[0], *args, **kwargs)
