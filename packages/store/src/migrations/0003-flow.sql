-- When the next message of a key (provider account, campaign, tenant, brake) may go: the truth of the rate limiter over
-- all processes. Unlogged, because it is written ten times a second and worth nothing after a crash: a lost row means one
-- chunk of slots too early, a flush to disk per chunk would cost more than the messages.
CREATE UNLOGGED TABLE rate_slots (
  key text PRIMARY KEY,
  -- The theoretical arrival time of GCRA (ITU-T I.371): the first instant that nobody has reserved.
  next_at timestamptz NOT NULL,
  -- Messages per second by which the last reservation went, and how many slots it got.
  rate double precision NOT NULL,
  granted integer NOT NULL,
  -- Slots of about the last second: a count that decays with a time constant of one second.
  used double precision NOT NULL,
  used_at timestamptz NOT NULL,
  -- Set by a throttle: the rate at which it came, the lowest we go, and when. The rate recovers as a function of time.
  ceiling double precision,
  floor double precision,
  slowed_at timestamptz
) WITH (fillfactor = 50);

-- One row a provider account. `version` is the compare-and-set of every transition; without a row an account is closed.
CREATE TABLE provider_breakers (
  account text PRIMARY KEY,
  phase text NOT NULL CHECK (phase IN ('closed', 'open', 'half_open')),
  -- How often in a row it opened; the pause grows with it.
  opens integer NOT NULL,
  since timestamptz NOT NULL,
  -- open: when a probe may go. half_open: when the probe is given up for lost.
  until timestamptz,
  reason text,
  version bigint NOT NULL
);
