-- Verdicts in the order of their arrival, evaluation by evaluation: what reports count.
--
-- A verdict's timestamp is its target's, so `events` cannot tell what is new since the last report without
-- reading all that the evaluation has ever said. Here a period is a range of the sorting key.
--
-- It is a diary, not a set: a verdict that is written again arrives again, since the engine drops copies
-- within one insert only. Who reads a period keeps the first arrival of each uuid and leaves out those that
-- had arrived before: a result is counted once, and what a period has said once it says for ever. Copies have
-- one timestamp, so what had arrived before is looked for among targets of the same days: that is what the
-- index is for, and why age costs nothing.
--
-- Skipped verdicts and those of no evaluation are left out. `outcome` is the one place that says what a
-- verdict means; it is empty for one that says nothing. Everything is as it was written first, whereas
-- `events` has what was written last: the numbers and the examples of a report are of one mind.
--
-- Reasonings are half of the disk, and worth it: to group a period by those in `events` takes about
-- twice as long, as they lie among all other properties there.
CREATE TABLE IF NOT EXISTS verdict_arrivals
(
    project_id UInt64 CODEC(ZSTD(1)),
    evaluation_id UUID CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    uuid UUID CODEC(NONE),
    timestamp DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    result Nullable(Bool),
    applicable Nullable(Bool),
    sentiment LowCardinality(String),
    score Nullable(Float64) CODEC(ZSTD(1)),
    reasoning String CODEC(ZSTD(1)),
    target_id String CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    outcome Enum8('' = 0, 'pass' = 1, 'fail' = 2, 'na' = 3, 'positive' = 4, 'neutral' = 5, 'negative' = 6)
        MATERIALIZED multiIf(
            applicable = false, 'na',
            result = true, 'pass',
            result = false, 'fail',
            sentiment IN ('positive', 'neutral', 'negative'), sentiment,
            ''),

    INDEX by_day toDate(timestamp) TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ingested_at)
ORDER BY (project_id, evaluation_id, ingested_at, UUIDToNum(uuid));

CREATE MATERIALIZED VIEW IF NOT EXISTS verdict_arrivals_of_events TO verdict_arrivals AS
SELECT
    project_id,
    toUUIDOrZero(events.evaluation_id) AS evaluation_id,
    ingested_at,
    uuid,
    timestamp,
    result,
    applicable,
    ifNull(toString(properties.`$ai_sentiment_label`), '') AS sentiment,
    if(isFinite(toFloat64OrNull(toString(properties.`$ai_sentiment_score`))),
       toFloat64OrNull(toString(properties.`$ai_sentiment_score`)), NULL) AS score,
    ifNull(toString(properties.`$ai_evaluation_reasoning`), '') AS reasoning,
    target_id,
    trace_id,
    session_id
FROM events
WHERE event = '$ai_evaluation'
  AND toUUIDOrNull(events.evaluation_id) IS NOT NULL
  AND ifNull(toString(properties.`$ai_evaluation_skipped`), '') != 'true';

-- What a migrated store has had before, at the times of its arrival: a first report has a period to compare
-- with. Done again it makes the same rows, which count once. A million verdicts take four seconds, so the
-- usual limit of a statement does not hold.
INSERT INTO verdict_arrivals
    (project_id, evaluation_id, ingested_at, uuid, timestamp, result, applicable, sentiment, score, reasoning,
     target_id, trace_id, session_id)
SELECT
    project_id,
    toUUIDOrZero(events.evaluation_id),
    ingested_at,
    uuid,
    timestamp,
    result,
    applicable,
    ifNull(toString(properties.`$ai_sentiment_label`), ''),
    if(isFinite(toFloat64OrNull(toString(properties.`$ai_sentiment_score`))),
       toFloat64OrNull(toString(properties.`$ai_sentiment_score`)), NULL),
    ifNull(toString(properties.`$ai_evaluation_reasoning`), ''),
    target_id,
    trace_id,
    session_id
FROM events
WHERE event = '$ai_evaluation'
  AND toUUIDOrNull(events.evaluation_id) IS NOT NULL
  AND ifNull(toString(properties.`$ai_evaluation_skipped`), '') != 'true'
SETTINGS max_execution_time = 0;
