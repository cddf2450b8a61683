-- How much less than the champion's a model's AUC may be, by the lower end of an interval.

ALTER TABLE promotion_policies ADD COLUMN champion_margin double precision NOT NULL DEFAULT 0.05
    CHECK (champion_margin BETWEEN 0 AND 1);
