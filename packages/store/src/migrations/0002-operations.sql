-- Batches belong to one tenant, so that backlog can be counted, bounded and shared fairly by tenant.
ALTER TABLE batches ADD COLUMN tenant_id integer NOT NULL DEFAULT 0;
-- Set while a brake holds the batch: it is not due until the brake is released.
ALTER TABLE batches ADD COLUMN brake_id uuid;
CREATE INDEX batches_by_brake ON batches (brake_id) WHERE brake_id IS NOT NULL;

-- Messages that ended badly and may be sent again by a person's decision. Leaving the table is the compare-and-set of a redrive.
CREATE TABLE dead_letters (
  message_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL,
  campaign_id uuid NOT NULL,
  lane text NOT NULL,
  state text NOT NULL CHECK (state IN ('failed', 'unknown')),
  code text NOT NULL,
  provider text,
  detail text,
  sequence integer NOT NULL,
  attempt smallint NOT NULL,
  pass integer NOT NULL,
  possible_duplicate boolean NOT NULL,
  -- Milliseconds, because a page ends at an instant that a client hands back.
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX dead_letters_by_tenant ON dead_letters (tenant_id, created_at DESC, message_id);

-- What a redrive changed for one message: a corrected recipient, a new deadline. Read only from a message's second pass on.
CREATE TABLE message_overrides (
  message_id uuid PRIMARY KEY,
  recipient text,
  expires_at timestamptz NOT NULL
);

-- Brakes: pause, throttle or cancel a campaign, a tenant, a lane or a provider account. Read by every claim.
CREATE TABLE brakes (
  brake_id uuid PRIMARY KEY,
  -- Null for a lane or provider: those concern everybody.
  tenant_id integer,
  scope text NOT NULL CHECK (scope IN ('campaign', 'tenant', 'lane', 'provider')),
  target text NOT NULL,
  action text NOT NULL CHECK (action IN ('pause', 'throttle', 'cancel')),
  rate_per_second double precision,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  released_at timestamptz,
  released_by text
);
CREATE UNIQUE INDEX brakes_in_force ON brakes (scope, target, coalesce(tenant_id, 0)) WHERE released_at IS NULL;

CREATE TABLE audit_log (
  audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id integer,
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_by_tenant ON audit_log (tenant_id, audit_id DESC);
