"""What does the log say of an error? Its kind and where it happened, nothing a visitor wrote.

Streamlit would log the message of an exception, too, which may quote a scenario.
"""

from __future__ import annotations

import logging
import traceback
from typing import Final

from estimator.errors import unexpected

_LOG: Final = logging.getLogger(__name__)


def log_unexpected(error: Exception) -> str:
    """Log an error that nobody foresaw.

    Returns:
        The line that a page shows of it.
    """
    stack = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("%s\n%s", type(error).__name__, stack)
    return unexpected(error)
