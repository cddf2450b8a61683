-- A limit of its own for what is claimed, beside the one for what is paid of it: a loss of a size that nobody has is no machine's.

ALTER TABLE model_promotions ADD COLUMN auto_approve_loss_limit_fen bigint NOT NULL DEFAULT 0
    CHECK (auto_approve_loss_limit_fen >= 0);
UPDATE model_promotions SET auto_approve_loss_limit_fen = auto_approve_limit_fen * 10;
