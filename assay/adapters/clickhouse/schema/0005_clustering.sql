-- What the steps of a clustering run hand on to each other, and what its page shows. The registry knows the
-- run itself. Storing again replaces, so a step that is tried again changes nothing.
--
-- Copies of a row may lie in different months, where merges do not meet them: whoever reads takes the copy
-- that was stored last. Nothing is kept for longer than a run may look back.
--
-- Which items a run has drawn: one row for all of them, so that they are replaced as a whole.
CREATE TABLE IF NOT EXISTS clustering_draws
(
    project_id UInt64 CODEC(ZSTD(1)),
    run UUID CODEC(ZSTD(1)),
    items Array(String) CODEC(ZSTD(1)),
    stored_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(stored_at)
ORDER BY (project_id, run)
TTL toDate(stored_at) + INTERVAL 90 DAY
SETTINGS index_granularity = 64;

-- What these are and say, in the order in which pages of them are read. Items of an earlier draw stay here; who
-- reads asks for those of the last one.
CREATE TABLE IF NOT EXISTS clustering_items
(
    project_id UInt64 CODEC(ZSTD(1)),
    run UUID CODEC(ZSTD(1)),
    item_id String CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    generation_id String CODEC(ZSTD(1)),
    timestamp DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    title String CODEC(ZSTD(1)),
    text String CODEC(ZSTD(1)),
    said String CODEC(ZSTD(1)),
    stored_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(stored_at)
ORDER BY (project_id, run, item_id)
TTL toDate(stored_at) + INTERVAL 90 DAY
SETTINGS index_granularity = 1024, index_granularity_bytes = 1048576;

-- Where the items of a run are: one row for all of them, so that they are replaced as a whole, by fewer or
-- none too. Elements of the arrays with the same number belong together; they lie by cluster and rank.
CREATE TABLE IF NOT EXISTS clustering_placements
(
    project_id UInt64 CODEC(ZSTD(1)),
    run UUID CODEC(ZSTD(1)),
    items Array(String) CODEC(ZSTD(1)),
    clusters Array(Int32) CODEC(ZSTD(1)),
    distances Array(Float64) CODEC(ZSTD(1)),
    ranks Array(UInt32) CODEC(ZSTD(1)),
    xs Array(Float64) CODEC(ZSTD(1)),
    ys Array(Float64) CODEC(ZSTD(1)),
    stored_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(stored_at)
ORDER BY (project_id, run)
TTL toDate(stored_at) + INTERVAL 90 DAY
SETTINGS index_granularity = 64;

-- What is known of the clusters of a run, as JSON. Shapes are one fact of the run, about cluster 0, since they
-- are replaced as a whole; history, label, metrics and sentiment are facts about one cluster each, which come
-- at their own time. Those about a cluster that has no shape any more count for nothing, and so do labels,
-- metrics and sentiment that are older than the shapes.
CREATE TABLE IF NOT EXISTS clustering_facts
(
    project_id UInt64 CODEC(ZSTD(1)),
    run UUID CODEC(ZSTD(1)),
    kind LowCardinality(String),
    cluster Int32 CODEC(ZSTD(1)),
    fact String CODEC(ZSTD(1)),
    stored_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(stored_at)
ORDER BY (project_id, run, kind, cluster)
TTL toDate(stored_at) + INTERVAL 90 DAY
SETTINGS index_granularity = 64;
