-- What providers told us, as they said it, until it is read. A row is answered for (HTTP 200, a deleted queue message) only
-- after its commit.
CREATE TABLE callbacks (
  callback_id uuid PRIMARY KEY,
  provider text NOT NULL,
  account text NOT NULL,
  -- The sender's own id of the notification: the same one again is the same event again.
  source_id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  -- Addresses are in here, so it is emptied as soon as the event is in the ledger. What could not be used keeps it for a week.
  body text,
  -- When it is read (again); null once there is nothing more to do.
  due_at timestamptz DEFAULT now(),
  tries smallint NOT NULL DEFAULT 0,
  result text CHECK (result IN ('applied', 'ignored', 'orphan', 'quarantined')),
  problem text,
  UNIQUE (provider, account, source_id)
);
CREATE INDEX callbacks_due ON callbacks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX callbacks_by_age ON callbacks (received_at);

-- Where callbacks come from, and up to when everything that was sent there has been received: while a source lags behind,
-- nobody may say that no evidence came.
CREATE TABLE callback_sources (
  provider text NOT NULL,
  account text NOT NULL,
  channels text[] NOT NULL,
  caught_up_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, account)
);

-- Facts about messages that a provider took. A fact is written once; only an earlier one of the same kind replaces it, so the
-- order in which they arrive does not matter. They never change a state, but they are the evidence that settles an unknown one.
CREATE TABLE message_feedback (
  message_id uuid NOT NULL,
  fact text NOT NULL CHECK (fact IN ('sent', 'delivered', 'delayed', 'bounced', 'complained', 'rejected', 'render_failed')),
  -- Of a bounce: hard, soft or ignored. Empty for other facts.
  class text NOT NULL DEFAULT '' CHECK (class IN ('', 'hard', 'soft', 'ignored')),
  tenant_id integer NOT NULL,
  at timestamptz NOT NULL,
  -- What the provider said, where it cannot be true and `at` is the arrival instead.
  stated_at timestamptz,
  received_at timestamptz NOT NULL DEFAULT now(),
  -- Bounce code of spec 11.4.
  code text,
  provider text NOT NULL,
  account text NOT NULL,
  provider_message_id text,
  source_id text NOT NULL,
  detail text,
  -- How often an earlier one replaced it: 0 says that the kind is new.
  replaced smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (message_id, fact, class)
) PARTITION BY RANGE (message_id);

-- Receipts for SMS and push name the id that SNS gave, a plain UUID. Ids of SES and SMTP are longer and not looked up.
CREATE INDEX message_events_by_sns_id ON message_events (provider_message_id) WHERE length(provider_message_id) = 36;

-- What addresses did with our mail lately: the soft-bounce counter of spec 11.3 is computed from it. An address without
-- bounces has no row, and a delivery takes away what is older than it.
CREATE TABLE bounce_events (
  tenant_id integer NOT NULL,
  address text NOT NULL,
  message_id uuid NOT NULL,
  bounce_type text NOT NULL CHECK (bounce_type IN ('HARD', 'SOFT', 'IGNORED')),
  code text NOT NULL,
  at timestamptz NOT NULL,
  message text,
  PRIMARY KEY (tenant_id, address, message_id, bounce_type)
);
