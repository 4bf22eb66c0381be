"""From what a client sends to what is stored of an evaluation report."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from api_shim.partial import sent_fields
from api_shim.schemas.evaluation_reports import EvaluationReportRequest
from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportSpec, ReportFrequency
from assay.errors import FieldError
from schedules.evaluation_reports import next_delivery_date

_DECIDES_DELIVERY = ("frequency", "rrule", "starts_at", "timezone_name")


def new_spec(form: EvaluationReportRequest, *, now: datetime) -> EvaluationReportSpec:
    """What a new report stores.

    Args:
        form: what the client sent. The default of `trigger_threshold` is for scheduled reports: whoever
            wants one every so many results has to say how many.
        now: the present moment.

    Raises:
        FieldError: the frequency lacks what it goes by.
    """
    spec = EvaluationReportSpec(**_decided(form))
    if "trigger_threshold" not in form.model_fields_set:
        _require(spec.frequency is not ReportFrequency.EVERY_N, "trigger_threshold")
    return _planned(spec, now)


def changed_spec(
    current: EvaluationReport, form: EvaluationReportRequest, *, now: datetime
) -> EvaluationReportSpec:
    """What a report stores after a change; the rules judge the merged result.

    Args:
        current: the report as it is stored.
        form: the change; fields that were not sent stay.
        now: the present moment. The next delivery is worked out anew when what decides on it changes, when
            there is none, when the report is enabled or restored, and when it has passed for one that is not.

    Raises:
        FieldError: the frequency lacks what it goes by.
    """
    stored = {name: getattr(current, name) for name in EvaluationReportSpec.model_fields}
    spec = EvaluationReportSpec(**stored | _decided(form))
    return spec if _stays_planned(current, spec, now) else _planned(spec, now)


def _stays_planned(current: EvaluationReport, spec: EvaluationReportSpec, now: datetime) -> bool:
    """Whether the next delivery that is stored is also that of the changed report.

    One that has passed while the report was live is: the engine is about to make that report, or was away
    and will. Otherwise it is not: a report that was disabled for a while would be due at once, for a time
    that nobody waits for any more.
    """
    due = current.next_delivery_date
    return (
        due is not None
        and (_is_live(current) if _is_live(spec) else due > now)
        and all(getattr(spec, field) == getattr(current, field) for field in _DECIDES_DELIVERY)
    )


def _is_live(report: EvaluationReportSpec) -> bool:
    return report.enabled and not report.deleted


def require_known_integrations(targets: Iterable[dict[str, Any]], known: Collection[int]) -> None:
    """Refuse Slack targets that name no Slack integration of the project.

    Args:
        targets: as their field has read them, so that an integration's id is a number or digits.
        known: ids of those that there are.

    Raises:
        FieldError: a target names another one.
    """
    names = {str(integration_id) for integration_id in known}
    for target in targets:
        if target["type"] == "slack" and str(target["integration_id"]) not in names:
            raise FieldError(
                "integration_id must be the id of a Slack integration of this project.",
                attr="delivery_targets",
            )


def _decided(form: EvaluationReportRequest) -> dict[str, Any]:
    """The fields that the client sent, as the spec names them."""
    fields = sent_fields(form)
    if "evaluation" in fields:
        fields["evaluation_id"] = fields.pop("evaluation")
    return fields


def _planned(spec: EvaluationReportSpec, now: datetime) -> EvaluationReportSpec:
    """`spec` with its next delivery, once it has what its frequency goes by."""
    if spec.frequency is ReportFrequency.EVERY_N:
        _require(spec.trigger_threshold is not None, "trigger_threshold")
    else:
        _require(bool(spec.rrule), "rrule")
        _require(spec.starts_at is not None, "starts_at")
    return spec.model_copy(update={"next_delivery_date": next_delivery_date(spec, now)})


def _require(is_given: bool, attr: str) -> None:
    if not is_given:
        frequency = "every_n" if attr == "trigger_threshold" else "scheduled"
        raise FieldError(f'A report with the frequency "{frequency}" needs {attr}.', attr=attr)
