-- How often a batch came back because the worker that held it died, hung, or could not handle it. What a worker gives back of
-- its own accord (a stop, a full disk, a lease that ends) says nothing of the messages, so claims are no measure of poison.
ALTER TABLE batches ADD COLUMN strikes smallint NOT NULL DEFAULT 0;
