"""The dashboard; ``make run`` opens it."""

from estimator.dashboard.site import open_dashboard

open_dashboard()
