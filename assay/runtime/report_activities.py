"""The activities of evaluation reports, with what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from temporalio.client import Client

from activities.evaluation_reports import EvaluationReportActivities
from activities.judge_models import JudgeModels
from activities.model_gate import ModelGate
from activities.report_admissions import ReportAdmissionActivities
from activities.report_author import Authors, ReportAuthorActivities
from activities.report_delivery import ReportDeliveryActivities
from activities.report_numbers import ReportNumbers
from activities.report_reading import ReportReader
from activities.report_runs import ReportRunActivities
from activities.report_tools import ReportToolActivities
from activities.report_workflows import ReportWorkflowActivities
from activities.verdict_arrivals import VerdictArrivalActivities
from assay.ports import EventWriter
from assay.runtime.delivery import ReportDelivery
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue


def report_activities(
    client: Client,
    settings: Settings,
    stores: Stores,
    *,
    writer: EventWriter,
    models: JudgeModels,
    gate: ModelGate,
    delivery: ReportDelivery,
) -> Mapping[TaskQueue, Sequence[Callable[..., Any]]]:
    """The activities of each queue.

    Args:
        models, gate: shared with judging, whose keys authors use.
    """
    registry, data = stores.registry, stores.report_data
    reports = EvaluationReportActivities(registry=registry, data=data)
    admissions = ReportAdmissionActivities(registry=registry)
    workflows = ReportWorkflowActivities(client=client, registry=registry)
    authors = Authors(registry, models, trial_eval_limit=settings.trial_eval_limit)
    runs = ReportRunActivities(registry=registry, numbers=ReportNumbers(data), authors=authors, writer=writer)
    author = ReportAuthorActivities(registry=registry, authors=authors, models=models, gate=gate)
    reader = ReportReader(registry=registry, data=data, events=stores.events, targets=stores.targets)
    tools = ReportToolActivities(registry=registry, reader=reader)
    deliveries = ReportDeliveryActivities(
        registry=registry,
        data=data,
        slack=delivery.slack,
        email=delivery.email,
        page_url=delivery.page_url,
    )
    return {
        TaskQueue.MAIN: [
            reports.plan,
            reports.recall,
            reports.count,
            reports.claim,
            reports.mark,
            admissions.record,
            admissions.record_failure,
            workflows.await_run,
            workflows.repair,
            VerdictArrivalActivities(data).sweep,
            runs.prepare,
            runs.finish,
            runs.list_recipients,
            runs.record_delivery,
            tools.use,
            tools.check,
            deliveries.deliver,
        ],
        TaskQueue.LLM: [author.ask],
    }
