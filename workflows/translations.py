"""`translation`: a text is translated while somebody waits.

Id: `translation-{digest}`, of project, text and language: two who ask at the same moment get one answer; who
asks later gets a new one.
Messages: none. Timers: none.
Failure: a model that cannot be asked is retried within the budget of answers that somebody waits for, and
then fails the workflow with the error's code. An answer that holds no translation is asked for once more.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.translation import TranslationActivities
from assay.contracts.translation import TextTranslated, TranslateText, TranslationInput, TranslationMade
from assay.domain.run_details import failure_details
from assay.domain.translation import asking_summary, translated_details
from assay.errors import AnswerUnusable
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import ANSWER_CALL
from assay.temporal.search_attributes import OUTCOME

_UNUSABLE = "The model's answers were no translations."


@workflow.defn(name="translation")
class Translation:
    """Ask for a translation, and once more if there is none in the answer."""

    @workflow.run
    async def run(self, work: TranslationInput) -> TranslationMade:
        """Translate one text.

        Raises:
            ApplicationError: with a code of `assay.errors` as its type, when there is no translation.
        """
        workflow.set_current_details("Asking the model …")
        try:
            translated = await self._translated(work)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            raise _failed(failure_code(error), failure_message(error)) from error
        if not translated.is_usable:
            raise _failed(AnswerUnusable.code, _UNUSABLE)
        workflow.set_current_details(translated_details(translated))
        workflow.upsert_search_attributes([OUTCOME.value_set("completed")])
        return TranslationMade(digest=translated.digest)

    async def _translated(self, work: TranslationInput) -> TextTranslated:
        first = await self._ask(TranslateText(work=work))
        return first if first.is_usable else await self._ask(TranslateText(work=work, is_repeated=True))

    async def _ask(self, question: TranslateText) -> TextTranslated:
        return await workflow.execute_activity_method(
            TranslationActivities.translate,
            question,
            task_queue=TaskQueue.LLM,
            summary=asking_summary(question.work, is_repeated=question.is_repeated),
            **ANSWER_CALL.options,
        )


def _failed(code: str, message: str) -> ApplicationError:
    workflow.set_current_details(failure_details(code, message))
    workflow.upsert_search_attributes([OUTCOME.value_set("failed")])
    return ApplicationError(message, type=code, non_retryable=True)
