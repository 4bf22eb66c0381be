"""The functions of the standard library that deal with dates and times.

Wherever one needs a date, it takes a moment, a day or a text that `dates.parse_instant` reads, and null gives
null. What lies beyond the years 1 to 9999 is a `HogInputError`. Units are written as in ClickHouse (`'day'`),
in any case, and may be plural.
"""

from assay.domain.hog.library.time import calculations, conversions, intervals

__all__ = ["calculations", "conversions", "intervals"]
