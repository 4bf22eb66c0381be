"""What every contract shares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An instant: aware on the way in, UTC afterwards."""


class Contract(BaseModel):
    """A frozen value inside one process or on the wire; unknown keys are an error, NaN is refused.

    Errors do not quote values: they end up in logs and histories.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class HistoryContract(BaseModel):
    """A frozen value inside a workflow history.

    Unknown keys are ignored so that an older worker survives a newer client during a rollout; new
    fields need defaults so that old histories still decode.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)
