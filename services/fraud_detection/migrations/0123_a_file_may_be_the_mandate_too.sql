-- One file may be the mandate and something else too, as a household register is: kind is then what else it is.
ALTER TABLE evidence ADD COLUMN also_mandate boolean NOT NULL DEFAULT false;
