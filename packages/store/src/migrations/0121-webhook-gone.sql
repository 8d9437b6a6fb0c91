-- When the receiver answered 410 Gone. Nothing is posted from then on, until the webhook is replaced.
ALTER TABLE webhooks ADD COLUMN gone_at timestamptz;
