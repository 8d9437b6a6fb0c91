-- Proofs: a draft, sent to a few people as a test.
CREATE TABLE proof_jobs (
  proof_job_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  campaign_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'CREATED' CHECK (status IN ('CREATED', 'PROCESSING', 'SUBMITTED', 'PARTIALLY_FAILED', 'FAILED')),
  variant_id text NOT NULL,
  -- What is sent to whom. Personal data: gone when the job is done.
  sends jsonb,
  targeted integer NOT NULL,
  submitted integer NOT NULL DEFAULT 0,
  failures jsonb NOT NULL,
  execution_ids uuid[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  started_at timestamptz
);
CREATE INDEX proof_jobs_waiting ON proof_jobs (created_at) WHERE status = 'CREATED';

-- What a proof sends is a version too, numbered downwards from -1: no version of the campaign's own, and nothing lists it.
ALTER TABLE campaign_versions DROP CONSTRAINT campaign_versions_cause_check;
ALTER TABLE campaign_versions ADD CONSTRAINT campaign_versions_cause_check
  CHECK (cause IN ('activation', 'configuration', 'fragment', 'proof'));
-- A draft may be deleted while its proofs are on their way, and these still need what they send.
ALTER TABLE campaign_versions DROP CONSTRAINT campaign_versions_campaign_id_fkey;
