"""`translation`: a text is translated while somebody waits.

Id: `translation-{digest}`, of project, text and language: two who ask at the same moment get one answer; who
asks later gets a new one, unless the one before it was never handed out.
Messages: none. Timers: none.
Failure: a model that cannot be asked is retried within the budget of answers that somebody waits for, and
then fails the workflow with the error's code. An answer that holds no translation is asked for once more.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.translation import TranslationActivities
from assay.contracts.translation import TextTranslated, TranslateText, TranslationInput, TranslationMade
from assay.domain.translation import asking_summary, translated_details
from assay.errors import AnswerUnusable
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import ANSWER_CALL
from workflows.answer_outcomes import outcome_shown

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
        with outcome_shown():
            translated = await self._translated(work)
        workflow.set_current_details(translated_details(translated))
        return TranslationMade(digest=translated.digest)

    async def _translated(self, work: TranslationInput) -> TextTranslated:
        for is_repeated in (False, True):
            translated = await self._ask(TranslateText(work=work, is_repeated=is_repeated))
            if translated.is_usable:
                return translated
        raise ApplicationError(_UNUSABLE, type=AnswerUnusable.code, non_retryable=True)

    async def _ask(self, question: TranslateText) -> TextTranslated:
        return await workflow.execute_activity_method(
            TranslationActivities.translate,
            question,
            task_queue=TaskQueue.LLM,
            summary=asking_summary(question.work, is_repeated=question.is_repeated),
            **ANSWER_CALL.options,
        )
