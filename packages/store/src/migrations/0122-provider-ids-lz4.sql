-- As in 0120: the ids that a provider gave are written once and seldom read, over 2 kB of them a commit. Compressing them with
-- pglz was the largest single cost of the database beside a high-throughput lane.
DO $$
BEGIN
  ALTER TABLE sent_events ALTER COLUMN provider_message_ids SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  RAISE NOTICE 'no LZ4 here: the ids of providers are compressed with pglz';
END $$;
