-- The suppression and allowed lists, whole: who changed an entry and when, in the milliseconds that the API pages by.
ALTER TABLE suppressions
  ALTER COLUMN created_at TYPE timestamptz(3),
  ADD COLUMN modified_at timestamptz(3) NOT NULL DEFAULT now(),
  ADD COLUMN suppressed_at timestamptz(3) NOT NULL DEFAULT now();
CREATE INDEX suppressions_by_creation ON suppressions (tenant_id, list_type, entity_type, created_at, suppression_id);

-- A sandbox whose allowed list is active sends mail to nobody else. No row: not active.
CREATE TABLE allowed_list_switches (
  tenant_id integer PRIMARY KEY REFERENCES tenants,
  active boolean NOT NULL,
  modified_at timestamptz NOT NULL DEFAULT now(),
  modified_by text NOT NULL
);

-- CSV files of entries to suppress. The content is here until it is imported, so that a job survives the process that took it.
CREATE TABLE suppression_uploads (
  upload_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  created_by text NOT NULL,
  file_name text NOT NULL,
  content bytea,
  status text NOT NULL CHECK (status IN ('ACCEPTED', 'PENDING', 'COMPLETE', 'CANCELED', 'ERROR')),
  response_code integer NOT NULL DEFAULT 200,
  response_text text,
  record_count integer NOT NULL DEFAULT 0,
  handled_count integer NOT NULL DEFAULT 0,
  failed_count integer NOT NULL DEFAULT 0,
  -- The first failed rows; failed_count has them all.
  failed_records jsonb NOT NULL DEFAULT '[]',
  -- Whole seconds, because the API pages by them.
  created_at timestamptz(0) NOT NULL DEFAULT date_trunc('second', now()),
  ended_at timestamptz(0)
);
CREATE INDEX suppression_uploads_by_tenant ON suppression_uploads (tenant_id, created_at, upload_id);
CREATE INDEX suppression_uploads_open ON suppression_uploads (created_at) WHERE content IS NOT NULL;

-- A sandbox's suppression list that is being emptied: what was on it at that moment goes, piece by piece.
CREATE TABLE suppression_wipes (
  tenant_id integer PRIMARY KEY REFERENCES tenants,
  wiped_at timestamptz(3) NOT NULL,
  requested_by text NOT NULL
);
