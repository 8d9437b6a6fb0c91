-- What the `metadata` tags of a message's content noted about it (spec 13.5), once it was handed to a provider: most messages have
-- none. By day, as everything else of messages.
CREATE TABLE message_metadata (
  message_id uuid NOT NULL,
  tenant_id integer NOT NULL,
  metadata jsonb NOT NULL,
  PRIMARY KEY (message_id)
) PARTITION BY RANGE (message_id);
