"""`/llm_analytics/translate/`: translate a text with a model."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Final

from api_shim.answers import Work, result_of
from api_shim.consent import require_ai_consent
from api_shim.operations import Call, Operation, Resource
from api_shim.schemas.translate import TranslateRequest, TranslateResponse
from api_shim.throttle import Limits, Rate
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.translation import TranslatedText, TranslationInput, TranslationMade
from assay.domain.translation import translation_digest, translation_facts, translation_summary
from assay.errors import FieldError, StillWorking, StoreUnavailable, TranslationFailed, WorkFailed
from assay.temporal.ids import answer_id
from assay.temporal.search_attributes import PROJECT, TRIGGER, pairs

_LIMITS: Final = Limits("translate", (Rate(30, 60), Rate(200, 3_600), Rate(500, 86_400)))

_SLOW: Final = "The model has not answered in time. Send the request again."


type _Call = Call[TranslateRequest, None]


async def translate(call: _Call) -> TranslateResponse:
    """Translate a text.

    Asks a model on the project's key. The same text is translated anew by each request. Two at the same
    moment share an answer, and one that follows a 504 gets what was finished meanwhile, for 15 minutes.
    """
    await require_ai_consent(call)
    form = await call.body()
    translated = await _translated(call, form)
    return TranslateResponse(translation=translated.translation or "", provider=translated.provider)


async def _translated(call: _Call, form: TranslateRequest) -> TranslatedText:
    """What was finished after who asked for it gave up; else the answer of the workflow.

    Raises:
        TranslationFailed: there is none.
        RequestError: see `result_of`.
    """
    project_id = call.project.id
    digest = translation_digest(project_id, form.text, form.target_language)
    found = await _kept(call, digest)
    if found is None:
        found = await _kept(call, await _made(call, digest, form))
    if found is None:
        raise TranslationFailed("The translation is not kept any more; send the request again.")
    await _take_away(call, digest)
    return found


async def _made(call: _Call, digest: str, form: TranslateRequest) -> str:
    """Have the text translated; returns under which digest the translation is kept."""
    project_id = call.project.id
    await call.deps.registry.artifacts.put(
        Artifact(
            project_id=project_id,
            kind=ArtifactKind.TEXT,
            digest=digest,
            body=form.text,
            created_at=datetime.now(UTC),
        )
    )
    try:
        return (await result_of(call, _work(project_id, digest, form))).digest
    except StillWorking as error:
        raise StillWorking(_SLOW) from error
    except (WorkFailed, FieldError) as error:  # no field of this request says which model
        raise TranslationFailed(f"The text was not translated: {error.detail}") from error


async def _kept(call: _Call, digest: str) -> TranslatedText | None:
    found = await call.deps.registry.artifacts.get(call.project.id, ArtifactKind.TRANSLATION, digest)
    return None if found is None or found.body is None else TranslatedText.model_validate(found.body)


async def _take_away(call: _Call, digest: str) -> None:
    """What is handed out waits for nobody: the next request is translated anew."""
    nothing = Artifact(
        project_id=call.project.id,
        kind=ArtifactKind.TRANSLATION,
        digest=digest,
        body=None,
        created_at=datetime.now(UTC),
    )
    with contextlib.suppress(StoreUnavailable):  # at worst the next request gets the same translation
        await call.deps.registry.artifacts.put(nothing)


def _work(project_id: int, digest: str, form: TranslateRequest) -> Work[TranslationMade]:
    return Work(
        workflow="translation",
        id=answer_id("translation", digest),
        argument=TranslationInput(project_id=project_id, digest=digest, target_language=form.target_language),
        result=TranslationMade,
        attributes=pairs((PROJECT, str(project_id)), (TRIGGER, "manual")),
        summary=translation_summary(form.text, form.target_language),
        details=translation_facts(project_id, form.text, form.target_language),
    )


RESOURCE = Resource(
    path="llm_analytics/translate",
    scope="llm_analytics",
    operations=(
        Operation(
            "create",
            "POST",
            "",
            translate,
            body=TranslateRequest,
            response=TranslateResponse,
            status=201,
            limits=_LIMITS,
            also={
                400: "there is no key for a model provider, or it is not usable.",
                500: "The model gave no translation.",
                503: "Temporal or a store cannot be reached.",
                504: "The model takes long; the work goes on, and the same request gets its result.",
            },
        ),
    ),
)
