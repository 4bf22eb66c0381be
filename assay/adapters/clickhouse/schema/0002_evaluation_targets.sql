-- What arrived to be judged, and what was chosen of it.
--
-- The bytes of an event's properties, so that batches can be cut by them without reading the texts. Events
-- that are older than the column are measured when it is read.
ALTER TABLE events ADD COLUMN IF NOT EXISTS size UInt64 MATERIALIZED
    length(properties_text) + length(ai_input) + length(ai_output) + length(ai_output_choices)
    + length(ai_input_state) + length(ai_output_state) + length(ai_tools)
    CODEC(ZSTD(1));

-- A sweep asks what was ingested in a span of time. Events are sorted by other things, but whole days were
-- ingested at other times.
ALTER TABLE events ADD INDEX IF NOT EXISTS by_ingested_at ingested_at TYPE minmax GRANULARITY 1;

-- Generations in the order of their arrival, since `events` cannot be read in that order: a tick of a project
-- reads what is new and no more. It is a diary, not a set: an event that is sent again arrives again. The
-- engine drops copies within one insert only, so a place (ingested_at, uuid) is one arrival.
--
-- UUIDToNum gives the bytes as they are written, so that uuids compare as they do in Python; the engine's own
-- order begins with the second half.
--
-- Whole days are dropped a month after they are over; `events` still tells what happened then. A store that is
-- migrated begins with an empty diary: what it has had before is history, which is judged on demand only.
CREATE TABLE IF NOT EXISTS arrivals
(
    project_id UInt64,
    ingested_at DateTime64(6, 'UTC'),
    uuid UUID,
    timestamp DateTime64(6, 'UTC'),
    size UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (project_id, ingested_at, UUIDToNum(uuid))
TTL toDate(ingested_at) + INTERVAL 31 DAY
SETTINGS ttl_only_drop_parts = 1;

-- The engine shows an insert's events before it shows their arrivals, so whoever reads an arrival finds its
-- event. A process that dies between the two leaves events without an arrival; a sweep of `events` finds them.
CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_of_events TO arrivals AS
SELECT project_id, ingested_at, uuid, timestamp, size
FROM events
WHERE event = '$ai_generation';

-- Claims: which targets are judged for which evaluation. Their sorting key is what makes a claim the same:
-- evaluation, UTC day of the target, target, version.
--
-- `seniority` makes the first copy of a claim the one that stays, so that claiming again changes nothing and
-- never takes a target away from the batch that has it.
--
-- One partition for everything: what is inserted together is one part and appears as a whole or not at all.
-- A dispatch that is tried again relies on that: it finds all of its claims, or none.
--
-- A batch asks for its claims by their dispatch, and they lie anywhere in their day. The projection is each
-- part's second copy of them, in that order: among ten million claims a batch is read in 10 ms, with a
-- filter on `dispatch_id` in 110 ms, and as a part of the part it appears with it, unlike a second table. It
-- doubles the disk, to 95 bytes a claim. FINAL does not read projections; merges make them anew.
--
-- Small granules, because a list of targets asks for rows that are far apart. The index finds spans of time
-- of claiming. uuids of random bytes do not get smaller, so they are not compressed.
CREATE TABLE IF NOT EXISTS evaluation_targets
(
    project_id UInt64 CODEC(ZSTD(1)),
    evaluation_id UUID CODEC(ZSTD(1)),
    target UUID CODEC(NONE),
    timestamp DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    version UInt32 CODEC(ZSTD(1)),
    dispatch_id String CODEC(ZSTD(1)),
    batch UInt32 CODEC(ZSTD(1)),
    size UInt64 CODEC(ZSTD(1)),
    origin LowCardinality(String),
    verdict_event_id UUID CODEC(NONE),
    claimed_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(ZSTD(1)),
    seniority UInt64 MATERIALIZED 18446744073709551615 - toUnixTimestamp64Micro(claimed_at) CODEC(ZSTD(1)),

    INDEX by_claimed_at claimed_at TYPE minmax GRANULARITY 1,
    PROJECTION by_dispatch (SELECT * ORDER BY project_id, dispatch_id, evaluation_id, batch)
)
ENGINE = ReplacingMergeTree(seniority)
ORDER BY (project_id, evaluation_id, toDate(timestamp), target, version)
SETTINGS
    index_granularity = 1024,
    deduplicate_merge_projection_mode = 'rebuild';
