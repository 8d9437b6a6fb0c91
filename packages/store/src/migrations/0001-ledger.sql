-- Who: an organisation with its sandboxes (workspaces), and the keys that may call for them.
CREATE TABLE tenants (
  tenant_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  org_id text NOT NULL,
  sandbox_name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (org_id, sandbox_name)
);

CREATE TABLE api_keys (
  key_id text PRIMARY KEY,
  org_id text NOT NULL,
  sandbox_names text[] NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

-- What is sent: channel configurations, campaigns, and the immutable versions that activation freezes.
CREATE TABLE channel_configurations (
  configuration_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  name text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
  category text NOT NULL CHECK (category IN ('Marketing', 'Transactional')),
  status text NOT NULL CHECK (status IN ('Draft', 'Processing', 'Active', 'Failed', 'Deactivated')),
  settings jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  modified_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name)
);

CREATE TABLE campaigns (
  campaign_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  category text NOT NULL CHECK (category IN ('Marketing', 'Transactional')),
  high_throughput boolean NOT NULL DEFAULT false,
  status text NOT NULL CHECK (status IN ('DRAFT', 'SCHEDULED', 'LIVE', 'STOPPED', 'COMPLETED', 'ARCHIVED')),
  -- What the author is working on; null while the live version has no draft beside it.
  draft jsonb,
  draft_version_id uuid,
  live_version_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  modified_at timestamptz NOT NULL DEFAULT now(),
  modified_by text NOT NULL,
  published_at timestamptz,
  first_published_at timestamptz
);
CREATE INDEX campaigns_by_tenant ON campaigns (tenant_id, created_at DESC);

CREATE TABLE campaign_versions (
  version_id uuid PRIMARY KEY,
  campaign_id uuid NOT NULL REFERENCES campaigns,
  tenant_id integer NOT NULL REFERENCES tenants,
  number integer NOT NULL,
  definition jsonb NOT NULL,
  compiled jsonb NOT NULL,
  settings jsonb NOT NULL,
  activated_at timestamptz NOT NULL DEFAULT now(),
  activated_by text NOT NULL,
  UNIQUE (campaign_id, number)
);

-- To whom: profiles, found by any of their identities.
CREATE TABLE profiles (
  profile_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  attributes jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  modified_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE profile_identities (
  tenant_id integer NOT NULL REFERENCES tenants,
  namespace text NOT NULL,
  -- The comparable form (emails in lower case); raw_value is what was given.
  identity_value text NOT NULL,
  raw_value text NOT NULL,
  profile_id uuid NOT NULL REFERENCES profiles ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (tenant_id, namespace, identity_value)
);
CREATE INDEX profile_identities_by_profile ON profile_identities (profile_id);

CREATE TABLE suppressions (
  suppression_id uuid NOT NULL UNIQUE,
  tenant_id integer NOT NULL REFERENCES tenants,
  list_type text NOT NULL CHECK (list_type IN ('client', 'allowed')),
  entity_type text NOT NULL CHECK (entity_type IN ('email', 'domain')),
  entity_value text NOT NULL,
  suppressed_type text NOT NULL CHECK (suppressed_type IN ('HARD', 'SOFT', 'MANUAL')),
  suppressed_by text NOT NULL,
  comment text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, list_type, entity_type, entity_value)
);

-- The ledger. Rows of executions, messages, contents and events are written once and never changed; a message's state is
-- its latest event, or, without one, what the batch that holds it says. All four are partitioned by day on the time inside
-- their version 7 uuid, so that a day is dropped as a table.
CREATE TABLE request_keys (
  -- The first 16 bytes of SHA-256 over tenant, endpoint and requestId.
  request_key uuid PRIMARY KEY,
  fingerprint uuid NOT NULL,
  execution_id uuid NOT NULL,
  accepted_at timestamptz NOT NULL
);
CREATE INDEX request_keys_by_age ON request_keys USING brin (accepted_at);

CREATE TABLE executions (
  execution_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL,
  endpoint text NOT NULL,
  request_id text NOT NULL,
  campaign_id uuid NOT NULL,
  version_id uuid NOT NULL,
  created_by text NOT NULL,
  accepted_at timestamptz NOT NULL,
  -- In the order of the call's recipients. Kept here so that messages need no index by execution.
  message_ids uuid[] NOT NULL
) PARTITION BY RANGE (execution_id);

-- Personal data lives here alone (and in profiles), apart from state, so that it can be dropped earlier.
CREATE TABLE execution_contents (
  execution_id uuid PRIMARY KEY,
  content text NOT NULL
) PARTITION BY RANGE (execution_id);

CREATE TABLE messages (
  message_id uuid PRIMARY KEY,
  execution_id uuid NOT NULL,
  tenant_id integer NOT NULL,
  recipient_index smallint NOT NULL,
  lane text NOT NULL,
  expires_at timestamptz NOT NULL
) PARTITION BY RANGE (message_id);

CREATE TABLE message_events (
  message_id uuid NOT NULL,
  -- 1, 2, 3... within a message. The key is the compare-and-set: two writers cannot both append event n.
  sequence integer NOT NULL,
  tenant_id integer NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'sent', 'deferred', 'excluded', 'failed', 'expired', 'canceled', 'unknown')),
  code text,
  attempt smallint NOT NULL,
  possible_duplicate boolean NOT NULL DEFAULT false,
  provider text,
  provider_message_id text,
  detail text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (message_id, sequence)
) PARTITION BY RANGE (message_id);

-- Work that is not ended yet. Each unended message is in exactly one batch or in unsettled_messages.
CREATE TABLE batches (
  batch_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lane text NOT NULL,
  message_ids uuid[] NOT NULL,
  -- The attempt that the next provider call will be, and how many times these messages were batched before.
  attempt smallint NOT NULL DEFAULT 1,
  pass integer NOT NULL DEFAULT 1,
  possible_duplicate boolean NOT NULL DEFAULT false,
  eligible_at timestamptz NOT NULL DEFAULT now(),
  enqueued_at timestamptz NOT NULL DEFAULT now(),
  -- Set while a worker holds the batch. The token is the fence: results without it are not written.
  token uuid,
  claims integer NOT NULL DEFAULT 0,
  claimed_by text,
  claimed_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX batches_waiting ON batches (enqueued_at) WHERE token IS NULL;
CREATE INDEX batches_claimed ON batches (claimed_until) WHERE token IS NOT NULL;
CREATE INDEX batches_by_worker ON batches (claimed_by) WHERE token IS NOT NULL;

CREATE TABLE unsettled_messages (
  message_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL,
  lane text NOT NULL,
  code text NOT NULL,
  sequence integer NOT NULL,
  attempt smallint NOT NULL,
  pass integer NOT NULL,
  possible_duplicate boolean NOT NULL,
  token uuid NOT NULL,
  policy text NOT NULL CHECK (policy IN ('resend', 'hold')),
  decide_at timestamptz NOT NULL
);
CREATE INDEX unsettled_by_decision ON unsettled_messages (decide_at);

-- What the sandbox provider was given; for looking at, not part of the ledger.
CREATE TABLE sandbox_records (
  record_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL,
  message_id uuid NOT NULL,
  recipient text NOT NULL,
  content jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sandbox_records_by_message ON sandbox_records (message_id);
