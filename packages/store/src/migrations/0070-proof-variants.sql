-- How a proof went, a variant of the content: [{variantId, messageId, targeted, submitted, failures, executionIds}].
ALTER TABLE proof_jobs ADD COLUMN variants jsonb NOT NULL DEFAULT '[]';
ALTER TABLE proof_jobs DROP COLUMN variant_id, DROP COLUMN targeted, DROP COLUMN submitted, DROP COLUMN failures,
  DROP COLUMN execution_ids;
