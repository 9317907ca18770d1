"""``python -m estimator`` is the command ``estimator``."""

from __future__ import annotations

from estimator.cli import main

if __name__ == "__main__":
    main()
