-- What the provider accounts of the workers can send besides what every one of their channel can. Each worker says it for its own
-- accounts, again and again; activation asks, so that no MMS is promised that would be refused.
CREATE TABLE provider_accounts (
  channel text NOT NULL,
  account text NOT NULL,
  abilities text[] NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (channel, account)
);
