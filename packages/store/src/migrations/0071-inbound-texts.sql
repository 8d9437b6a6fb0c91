-- What answers a keyword is a version too, of the channel configuration that the text came to; nothing lists it.
ALTER TABLE campaign_versions DROP CONSTRAINT campaign_versions_cause_check;
ALTER TABLE campaign_versions ADD CONSTRAINT campaign_versions_cause_check
  CHECK (cause IN ('activation', 'configuration', 'fragment', 'proof', 'reply'));
