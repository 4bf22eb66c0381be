-- Vectors by the digest of the text that they were made from, and the model that made them. It is a cache: a
-- vector that is gone is made again, so none is kept for longer than texts are looked at.
CREATE TABLE IF NOT EXISTS embeddings
(
    project_id UInt64 CODEC(ZSTD(1)),
    model LowCardinality(String),
    digest FixedString(64) CODEC(ZSTD(1)),
    vector Array(Float32) CODEC(NONE),
    created_at DateTime DEFAULT now() CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(created_at)
ORDER BY (project_id, model, digest)
TTL created_at + INTERVAL 90 DAY
SETTINGS index_granularity = 1024;
