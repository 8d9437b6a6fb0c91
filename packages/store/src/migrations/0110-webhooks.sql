-- Which transaction recorded an event: the order in which webhooks read the ledger (docs/decisions/0110-webhooks-read-the-ledger.md).
-- Instants cannot be that order: a transaction may commit after a younger one, and clocks are set back.
ALTER TABLE sent_events ADD COLUMN recorded_in xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE message_events ADD COLUMN recorded_in xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE message_feedback ADD COLUMN recorded_in xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX sent_events_in_order ON sent_events (tenant_id, recorded_in);
CREATE INDEX message_events_in_order ON message_events (tenant_id, recorded_in);
CREATE INDEX message_feedback_in_order ON message_feedback (tenant_id, recorded_in);

-- Where a sandbox wants to hear what becomes of its messages (spec 12.1), and how far it has been told.
CREATE TABLE webhooks (
  tenant_id integer PRIMARY KEY REFERENCES tenants,
  name text NOT NULL,
  url text NOT NULL,
  channels text[] NOT NULL,
  events text[] NOT NULL,
  authentication text NOT NULL CHECK (authentication IN ('none', 'hmac', 'jwt')),
  secret text,
  headers jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  modified_at timestamptz NOT NULL DEFAULT now(),
  modified_by text NOT NULL,
  -- Every event of an older transaction was taken up, and of this one those up to the event. A transaction that was running when
  -- the webhook was made is not older.
  cursor_in xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
  cursor_event text NOT NULL DEFAULT '',
  -- Who tells it now. The token is the fence: a cursor moves only under it.
  lease uuid,
  leased_until timestamptz,
  -- Posts that failed in a row, and until when none is tried.
  failures integer NOT NULL DEFAULT 0,
  paused_until timestamptz,
  last_problem text,
  last_success_at timestamptz,
  CHECK ((authentication = 'none') = (secret IS NULL))
);

-- Events that were posted in vain: tried again until they died, and kept then for a while so that they can be sent again. An
-- event is named and not copied: nothing personal is in here.
CREATE TABLE webhook_retries (
  tenant_id integer NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  event_id text NOT NULL,
  attempts integer NOT NULL,
  first_failed_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL,
  problem text NOT NULL,
  died_at timestamptz(3),
  PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX webhook_retries_due ON webhook_retries (tenant_id, due_at) WHERE died_at IS NULL;
CREATE INDEX webhook_retries_dead ON webhook_retries (tenant_id, died_at DESC, event_id) WHERE died_at IS NOT NULL;
