-- Captured events and the derived ones ($ai_evaluation …).
--
-- The sorting key is the identity of an event: project, name, UTC day, uuid. A resend has the same key, so
-- FINAL reads and merges keep its latest copy only. The day is inside the key, so copies never lie in
-- different partitions. A lookup by the whole key reads one granule; "newest of one kind" reads days from
-- the end.
--
-- ingested_at is when the insert began by the store's clock, and its rows appear together when it ends. Who
-- follows it must look back by the longest insert and skip what is known.
--
-- Every property is stored twice. `properties` is what SQL filters and aggregates on; the JSON type drops
-- nulls and empty objects and changes some numbers, so nothing is read back from it. What a reader gets is
-- the text of `properties_text` and of the columns named ai_*: the exact JSON that was written. The
-- text costs about 6 % of disk and makes reading one event twice as fast, as one column replaces dozens.
-- The ai_* columns hold the long values that lists, filters and statistics must never read; an empty string
-- is an absent property.
--
-- Hot keys have columns of their own. Their expressions accept every JSON type, because a client's odd value
-- must not fail an insert: text takes any scalar's text, numbers take numbers and numeric text (never NaN,
-- which would spoil sums), booleans take booleans and the words.
--
-- The JSON column gives no path files of its own (max_dynamic_paths = 0) but keeps all in eight buckets. A
-- file set per path would be twelve files for each property of each part: sixty ordinary properties need
-- five thousand open files in one merge, and a sender of random keys any number. Buckets need some three
-- hundred whatever is sent; a filter on a path that has no column takes 10-20 ms per 100,000 events, not 5-10.
--
-- The index finds the granules of a trace. A false hit costs reading a granule, so few are allowed: among
-- three million events a trace is read in 14 ms, with the usual rate of 1 % in 40 ms.
--
-- Granules of 1 MiB hold some 200 events instead of thousands: half the time of a point lookup.
CREATE TABLE IF NOT EXISTS events
(
    project_id UInt64 CODEC(ZSTD(1)),
    event LowCardinality(String),
    uuid UUID,
    distinct_id String CODEC(ZSTD(1)),
    timestamp DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(ZSTD(1)),

    properties JSON(max_dynamic_paths = 0),
    properties_text String CODEC(ZSTD(1)),
    ai_input String CODEC(ZSTD(1)),
    ai_output String CODEC(ZSTD(1)),
    ai_output_choices String CODEC(ZSTD(1)),
    ai_input_state String CODEC(ZSTD(1)),
    ai_output_state String CODEC(ZSTD(1)),
    ai_tools String CODEC(ZSTD(1)),

    trace_id String MATERIALIZED ifNull(toString(properties.`$ai_trace_id`), '') CODEC(ZSTD(1)),
    session_id String MATERIALIZED
        coalesce(nullIf(toString(properties.`$ai_session_id`), ''), toString(properties.`$session_id`), '')
        CODEC(ZSTD(1)),
    parent_id String MATERIALIZED ifNull(toString(properties.`$ai_parent_id`), '') CODEC(ZSTD(1)),
    evaluation_id String MATERIALIZED ifNull(toString(properties.`$ai_evaluation_id`), '') CODEC(ZSTD(1)),
    target_id String MATERIALIZED ifNull(toString(properties.`$ai_target_event_id`), '') CODEC(ZSTD(1)),
    model LowCardinality(String) MATERIALIZED ifNull(toString(properties.`$ai_model`), ''),
    result Nullable(Bool) MATERIALIZED
        transform(toString(properties.`$ai_evaluation_result`), ['true', 'false'], [true, false], NULL),
    applicable Nullable(Bool) MATERIALIZED
        transform(toString(properties.`$ai_evaluation_applicable`), ['true', 'false'], [true, false], NULL),
    cost Nullable(Float64) MATERIALIZED
        if(isFinite(toFloat64OrNull(toString(properties.`$ai_total_cost_usd`))),
           toFloat64OrNull(toString(properties.`$ai_total_cost_usd`)), NULL) CODEC(ZSTD(1)),
    latency Nullable(Float64) MATERIALIZED
        if(isFinite(toFloat64OrNull(toString(properties.`$ai_latency`))),
           toFloat64OrNull(toString(properties.`$ai_latency`)), NULL) CODEC(ZSTD(1)),

    INDEX by_trace_id trace_id TYPE bloom_filter(0.0001) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, event, toDate(timestamp), uuid)
SETTINGS
    index_granularity_bytes = 1048576,
    object_serialization_version = 'v3',
    object_shared_data_serialization_version = 'advanced',
    object_shared_data_serialization_version_for_zero_level_parts = 'map_with_buckets',
    object_shared_data_buckets_for_wide_part = 8;
