-- What is known of a person besides free attributes. Consents have a column of their own, so that replacing the attributes
-- of a profile (a nightly load) never brings back a consent that was withdrawn.
ALTER TABLE profiles
  ADD COLUMN consents jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN push_tokens jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN time_zone text,
  ADD COLUMN language text;
CREATE INDEX profiles_by_tenant ON profiles (tenant_id, profile_id);
-- Namespaces are compared without case, like those of campaigns and calls.
UPDATE profile_identities SET namespace = lower(namespace);

-- How a sandbox treats people: which consents count, and where addresses are found when a channel configuration says nothing.
CREATE TABLE people_settings (
  tenant_id integer PRIMARY KEY REFERENCES tenants,
  consent_mode text NOT NULL DEFAULT 'opt-out' CHECK (consent_mode IN ('opt-out', 'opt-in')),
  -- Values of `val` besides y that pass in the opt-in mode, for example LI or CT.
  consent_bases text[] NOT NULL DEFAULT '{}',
  email_address_field text,
  phone_number_field text,
  modified_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audiences (
  audience_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  kind text NOT NULL CHECK (kind IN ('list', 'rule')),
  -- The rule of a rule audience; a list has members instead.
  rule jsonb,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  modified_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name),
  CHECK ((kind = 'rule') = (rule IS NOT NULL))
);

CREATE TABLE audience_members (
  audience_id uuid NOT NULL REFERENCES audiences ON DELETE CASCADE,
  profile_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (audience_id, profile_id)
);
CREATE INDEX audience_members_by_profile ON audience_members (profile_id);

-- One call of the audience endpoint, now or later. The dispatcher turns it page by page into ordinary executions of at most a
-- hundred messages each (audience_chunks). `cursor` moves in the transaction that writes a page, so a page is written once.
CREATE TABLE audience_executions (
  execution_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  campaign_id uuid NOT NULL REFERENCES campaigns,
  -- Decided when the execution starts; null while it is scheduled.
  version_id uuid,
  audience_id uuid NOT NULL,
  request_id text NOT NULL,
  -- As in request_keys; null when the caller gave no requestId.
  request_key uuid UNIQUE,
  fingerprint uuid,
  -- The call's context as JSON text, shared by every message.
  context text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  schedule_id uuid UNIQUE,
  execute_at timestamptz,
  status text NOT NULL CHECK (status IN ('scheduled', 'running', 'succeeded', 'failed', 'canceled')),
  failure_code text,
  -- Members are those of this moment (see docs/audiences.md).
  started_at timestamptz,
  finished_at timestamptz,
  -- The last profile that was looked at; null at the start.
  cursor uuid,
  chunks integer NOT NULL DEFAULT 0,
  scanned bigint NOT NULL DEFAULT 0,
  targeted bigint NOT NULL DEFAULT 0,
  -- Members without an identity in the campaign's namespace, and members left over when the time of a rate was up.
  without_identity bigint NOT NULL DEFAULT 0,
  left_over bigint NOT NULL DEFAULT 0
);
CREATE INDEX audience_executions_due ON audience_executions (execute_at) WHERE status = 'scheduled';
CREATE INDEX audience_executions_running ON audience_executions (campaign_id) WHERE status = 'running';
CREATE INDEX audience_executions_by_campaign ON audience_executions (campaign_id) WHERE status = 'scheduled';

CREATE TABLE audience_chunks (
  audience_execution_id uuid NOT NULL REFERENCES audience_executions,
  number integer NOT NULL,
  execution_id uuid NOT NULL,
  messages smallint NOT NULL,
  PRIMARY KEY (audience_execution_id, number)
);

-- Bulk loads. `rows_done` moves in the transaction that writes the rows, so that a load can be sent again after a crash.
CREATE TABLE import_jobs (
  import_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  kind text NOT NULL CHECK (kind IN ('profiles', 'members')),
  audience_id uuid REFERENCES audiences ON DELETE CASCADE,
  format text NOT NULL CHECK (format IN ('csv', 'ndjson')),
  mode text NOT NULL CHECK (mode IN ('merge', 'replace')),
  file_name text NOT NULL DEFAULT '',
  status text NOT NULL CHECK (status IN ('ACCEPTED', 'PROCESSING', 'COMPLETE', 'ERROR')),
  failure_code text,
  failure_detail text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  -- Who reads the file now: a second upload of the same job takes over, and the first one's next write fails.
  reader uuid,
  rows_done bigint NOT NULL DEFAULT 0,
  created_count bigint NOT NULL DEFAULT 0,
  updated_count bigint NOT NULL DEFAULT 0,
  merged_count bigint NOT NULL DEFAULT 0,
  failed_count bigint NOT NULL DEFAULT 0
);
CREATE INDEX import_jobs_by_tenant ON import_jobs (tenant_id, created_at DESC);

-- The first bad rows of a load, up to a bound; failed_count has all.
CREATE TABLE import_failures (
  import_id uuid NOT NULL REFERENCES import_jobs ON DELETE CASCADE,
  line bigint NOT NULL,
  code text NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (import_id, line)
);
