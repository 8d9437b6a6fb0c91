-- The ledger by bundles (docs/decisions/0020-bundles.md): what one commit accepted for a tenant and lane is one row, and what a worker
-- recorded as sent for it is one row, so that a message costs a fraction of a row and one entry in the idempotency index.
--
-- Rows of the old shape are not carried over: nothing was released, and their ids do not say where they are. A development
-- ledger keeps its tenants, campaigns, profiles and lists, and forgets what it sent.
DROP TABLE request_keys, executions, execution_contents, messages CASCADE;
TRUNCATE batches, unsettled_messages, dead_letters, message_overrides, message_events;

-- An id says where its row is: the 12 bits after the version of a bundle's uuid (version 7) are zero, those of a message are
-- its place in the bundle, those of an execution 2048 + the place of its first message (packages/core/src/ids.ts).
CREATE FUNCTION bundle_of(id uuid) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN overlay(id::text PLACING '000' FROM 16 FOR 3)::uuid;
CREATE FUNCTION place_of(id uuid) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN ('x' || substr(id::text, 16, 3))::bit(12)::integer;
CREATE FUNCTION id_in_bundle(bundle_id uuid, place integer) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN overlay(bundle_id::text PLACING lpad(to_hex(place), 3, '0') FROM 16 FOR 3)::uuid;
CREATE FUNCTION bundles_of(ids uuid[]) RETURNS uuid[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS 'SELECT array_agg(DISTINCT bundle_of(i)) FROM unnest(ids) i';
-- The lines of a text with those of the given numbers emptied.
CREATE FUNCTION without_lines(lines text, numbers integer[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT coalesce(string_agg(CASE WHEN n = ANY (numbers) THEN '' ELSE line END, E'\n' ORDER BY n), '')
        FROM string_to_table(lines, E'\n') WITH ORDINALITY AS l(line, n) $$;

-- Idempotency: which execution a call made. A key is written under the day of its call, and under both days near midnight, so
-- that a day's table can be dropped and two calls at midnight still meet (accept.ts). Kept for the day after its own.
CREATE TABLE request_keys (
  -- The first 16 bytes of SHA-256 over tenant, endpoint and requestId.
  request_key uuid NOT NULL,
  fingerprint uuid NOT NULL,
  execution_id uuid NOT NULL,
  day date NOT NULL,
  PRIMARY KEY (request_key, day)
) PARTITION BY RANGE (day);

-- Written once, never changed. Several commits may each write a part of a bundle, when a group was too large for one.
CREATE TABLE bundles (
  bundle_id uuid NOT NULL,
  -- The place of its first call's first message.
  part smallint NOT NULL,
  tenant_id integer NOT NULL,
  lane text NOT NULL,
  accepted_at timestamptz(3) NOT NULL,
  message_count smallint NOT NULL,
  -- What calls have in common: [{endpoint, campaign_id, version_id, created_by, expires_at}].
  origins jsonb NOT NULL,
  -- A line a call: [place of its first message, recipients, index of its origin, requestId]. An empty line is a call that was
  -- answered with an earlier execution.
  calls text NOT NULL,
  PRIMARY KEY (bundle_id, part)
) PARTITION BY RANGE (bundle_id);

-- Personal data lives here alone (and in profiles), apart from state, so that it can be dropped earlier. A line a call, as in
-- `calls`: its ExecutionContent (recipients.ts) as JSON; empty when it was erased.
CREATE TABLE bundle_contents (
  bundle_id uuid NOT NULL,
  part smallint NOT NULL,
  content text NOT NULL,
  PRIMARY KEY (bundle_id, part)
) PARTITION BY RANGE (bundle_id);

-- First events that say `sent`, a row for what one commit recorded of one batch. Every other event is a row of message_events.
CREATE TABLE sent_events (
  bundle_id uuid NOT NULL,
  tenant_id integer NOT NULL,
  places smallint[] NOT NULL,
  provider text NOT NULL,
  -- A line a place.
  provider_message_ids text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (bundle_id);
CREATE INDEX sent_events_by_bundle ON sent_events (bundle_id);

-- The bundle of all messages of a batch; null when they are of several, or of an older writer.
ALTER TABLE batches ADD COLUMN bundle_id uuid;
-- Rows of these live for seconds: what they leave behind is cleared soon, or the scans of what waits pay for it.
ALTER TABLE batches SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_cost_delay = 0);
ALTER TABLE unsettled_messages SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- The same facts a row a call or a message, for reading whole spans. A look-up by id goes through the functions below: a view
-- cannot know that the id names the bundle.
CREATE VIEW executions AS
SELECT id_in_bundle(b.bundle_id, 2048 + (j.call->>0)::int) AS execution_id, b.bundle_id, b.part, l.line_number, b.tenant_id,
       o.origin->>'endpoint' AS endpoint, j.call->>3 AS request_id, (o.origin->>'campaign_id')::uuid AS campaign_id,
       (o.origin->>'version_id')::uuid AS version_id, o.origin->>'created_by' AS created_by, b.accepted_at,
       (o.origin->>'expires_at')::timestamptz AS expires_at, b.lane, (j.call->>0)::int AS place, (j.call->>1)::int AS recipients,
       ARRAY(SELECT id_in_bundle(b.bundle_id, p) FROM generate_series((j.call->>0)::int, (j.call->>0)::int + (j.call->>1)::int - 1) p)
         AS message_ids
FROM bundles b
CROSS JOIN LATERAL string_to_table(b.calls, E'\n') WITH ORDINALITY AS l(line, line_number)
CROSS JOIN LATERAL (SELECT nullif(l.line, '')::jsonb AS call) j
CROSS JOIN LATERAL (SELECT b.origins->((j.call->>2)::int) AS origin) o
WHERE j.call IS NOT NULL;

CREATE VIEW messages AS
SELECT id_in_bundle(e.bundle_id, e.place + i) AS message_id, e.execution_id, e.bundle_id, e.tenant_id,
       i::smallint AS recipient_index, e.lane, e.expires_at, e.campaign_id, e.version_id, e.endpoint, e.accepted_at
FROM executions e CROSS JOIN LATERAL generate_series(0, e.recipients - 1) AS r(i);

CREATE VIEW execution_contents AS
SELECT e.execution_id, e.bundle_id, nullif((string_to_array(t.content, E'\n'))[e.line_number], '') AS content
FROM executions e JOIN bundle_contents t ON t.bundle_id = e.bundle_id AND t.part = e.part;

CREATE VIEW message_history AS
SELECT message_id, bundle_of(message_id) AS bundle_id, sequence, tenant_id, state, code, attempt, possible_duplicate, provider,
       provider_message_id, detail, created_at
FROM message_events
UNION ALL
SELECT id_in_bundle(s.bundle_id, p.place), s.bundle_id, 1, s.tenant_id, 'sent', NULL, 1::smallint, false, s.provider,
       p.provider_message_id, NULL, s.created_at
FROM sent_events s
CROSS JOIN LATERAL unnest(s.places, string_to_array(s.provider_message_ids, E'\n')) AS p(place, provider_message_id);

-- OFFSET 0 keeps the planner from turning the look-up of a few bundles into a scan of all of them.
CREATE FUNCTION executions_of(ids uuid[]) RETURNS SETOF executions LANGUAGE sql STABLE ROWS 10
  AS 'SELECT e.* FROM unnest(bundles_of(ids)) AS w(id)
      CROSS JOIN LATERAL (SELECT * FROM executions v WHERE v.bundle_id = w.id OFFSET 0) e WHERE e.execution_id = ANY (ids)';
CREATE FUNCTION messages_of(ids uuid[]) RETURNS SETOF messages LANGUAGE sql STABLE ROWS 100
  AS 'SELECT m.* FROM unnest(bundles_of(ids)) AS w(id)
      CROSS JOIN LATERAL (SELECT * FROM messages v WHERE v.bundle_id = w.id OFFSET 0) m WHERE m.message_id = ANY (ids)';
CREATE FUNCTION contents_of(ids uuid[]) RETURNS SETOF execution_contents LANGUAGE sql STABLE ROWS 10
  AS 'SELECT c.* FROM unnest(bundles_of(ids)) AS w(id)
      CROSS JOIN LATERAL (SELECT * FROM execution_contents v WHERE v.bundle_id = w.id OFFSET 0) c WHERE c.execution_id = ANY (ids)';
CREATE FUNCTION history_of(ids uuid[]) RETURNS SETOF message_history LANGUAGE sql STABLE ROWS 100
  AS $$ SELECT e.message_id, bundle_of(e.message_id), e.sequence, e.tenant_id, e.state, e.code, e.attempt, e.possible_duplicate,
               e.provider, e.provider_message_id, e.detail, e.created_at
        FROM message_events e WHERE e.message_id = ANY (ids)
        UNION ALL
        SELECT s.* FROM unnest(bundles_of(ids)) AS w(id)
        CROSS JOIN LATERAL (
          SELECT id_in_bundle(t.bundle_id, p.place) AS message_id, t.bundle_id, 1, t.tenant_id, 'sent', NULL, 1::smallint, false,
                 t.provider, p.provider_message_id, NULL, t.created_at
          FROM sent_events t
          CROSS JOIN LATERAL unnest(t.places, string_to_array(t.provider_message_ids, E'\n')) AS p(place, provider_message_id)
          WHERE t.bundle_id = w.id OFFSET 0) s
        WHERE s.message_id = ANY (ids) $$;

-- Erases what was given of the people of some executions; their account stays. Returns how many had content.
CREATE FUNCTION erase_contents(ids uuid[]) RETURNS bigint LANGUAGE sql
  AS 'WITH erased AS (
        UPDATE bundle_contents t SET content = without_lines(t.content, g.numbers)
        FROM (SELECT bundle_id, part, array_agg(line_number::int) AS numbers FROM executions_of(ids) GROUP BY bundle_id, part) g
        WHERE t.bundle_id = g.bundle_id AND t.part = g.part RETURNING cardinality(g.numbers) AS n)
      SELECT coalesce(sum(n), 0)::bigint FROM erased';
