"""Charts as matplotlib figures; never through pyplot, whose state all users would share."""

from estimator.render.charts.concurrency import concurrency_chart, peak_chart
from estimator.render.charts.cost import DRIVER_COLOURS, connections_over_week, cost_drivers
from estimator.render.charts.diff import difference_chart
from estimator.render.charts.growth import growth_chart
from estimator.render.charts.limits import limits_chart
from estimator.render.charts.scaling import scaling_chart
from estimator.render.charts.storm import attempts_chart, storm_chart
from estimator.render.charts.style import Chart
from estimator.render.charts.uncertainty import fan_chart, range_chart, tornado_chart
from estimator.render.charts.workload import sizes_chart, week_chart, wire_chart
from estimator.shown import Look

__all__ = [
    "DRIVER_COLOURS",
    "Chart",
    "Look",
    "attempts_chart",
    "concurrency_chart",
    "connections_over_week",
    "cost_drivers",
    "difference_chart",
    "fan_chart",
    "growth_chart",
    "limits_chart",
    "peak_chart",
    "range_chart",
    "scaling_chart",
    "sizes_chart",
    "storm_chart",
    "tornado_chart",
    "week_chart",
    "wire_chart",
]
