-- A key whose secret was rotated takes the one before for a while, so that callers change over without a gap.
ALTER TABLE api_keys
  ADD COLUMN previous_secret_hash bytea,
  ADD COLUMN previous_until timestamptz,
  ADD COLUMN rotated_at timestamptz,
  ADD COLUMN created_by text NOT NULL DEFAULT '';
