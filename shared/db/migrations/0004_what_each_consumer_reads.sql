-- A topic that was made anew is read from its beginning; and whoever reads must be in its group by the broker's word.

-- One row for each partition that a consumer group reads: of which making of the topic, by which member, and when it
-- last said so. Rows stay when nobody reads: the topic's id must outlive a restart. As many as there are partitions.
CREATE TABLE partitions_read (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    topic_id uuid NOT NULL,
    member text NOT NULL,
    read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, topic, partition)
);
COMMENT ON COLUMN partitions_read.consumer IS 'ours';
COMMENT ON COLUMN partitions_read.topic IS 'ours';
COMMENT ON COLUMN partitions_read.member IS 'ours';
