"""What people's time costs where servers are one's own: figures that no price list has."""

from __future__ import annotations

from estimator.scenario.model import Count, Model


class Engineering(Model):
    """Engineers' hours for a fleet of one's own, beside those a managed service would take.

    >>> Engineering(engineer_hours_per_month=20, usd_per_engineer_hour=100).engineer_hours_per_month
    20.0
    """

    engineer_hours_per_month: Count
    """Hours per month to build, patch, watch and be called out; of a fleet only."""
    usd_per_engineer_hour: Count
    """What such an hour costs you, in USD."""
