"""The trend of a pass rate as a picture: SVG for pages, PNG for mail programs, which show nothing else."""

from assay.domain.report_charts.png import trend_png
from assay.domain.report_charts.svg import trend_svg
from assay.domain.report_charts.trend import TrendPoint, has_trend, trend_points, trend_words
from assay.domain.report_charts.window import trend_window

__all__ = ["TrendPoint", "has_trend", "trend_png", "trend_points", "trend_svg", "trend_window", "trend_words"]
