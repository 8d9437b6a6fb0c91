-- The whole life cycle of a campaign. DELETED rows are tombstones: the ledger's messages still refer to the campaign.
ALTER TABLE campaigns DROP CONSTRAINT campaigns_status_check;
ALTER TABLE campaigns ADD CONSTRAINT campaigns_status_check
  CHECK (status IN ('DRAFT', 'IN_REVIEW', 'SCHEDULED', 'LIVE', 'STOPPED', 'COMPLETED', 'ARCHIVED', 'DELETED'));
ALTER TABLE campaigns ADD COLUMN channel text CHECK (channel IN ('email', 'sms', 'push'));
ALTER TABLE campaigns ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
ALTER TABLE campaigns ADD COLUMN completed_at timestamptz;
-- Who asked for the review that is open, and what the reviewer said last.
ALTER TABLE campaigns ADD COLUMN review_requested_by text;
ALTER TABLE campaigns ADD COLUMN review_message text;
-- Set when the live version could not take up a changed configuration or fragment; the version before goes on serving.
ALTER TABLE campaigns ADD COLUMN refresh_failed_at timestamptz;
ALTER TABLE campaigns ADD COLUMN refresh_failure text;
CREATE INDEX campaigns_active ON campaigns (live_version_id) WHERE status IN ('SCHEDULED', 'LIVE');

-- What the author wrote, beside what activation made of it; and what the version was made from, so that it can be made again.
ALTER TABLE campaign_versions ADD COLUMN authored jsonb;
ALTER TABLE campaign_versions ADD COLUMN cause text NOT NULL DEFAULT 'activation'
  CHECK (cause IN ('activation', 'configuration', 'fragment'));
ALTER TABLE campaign_versions ADD COLUMN configuration_id uuid REFERENCES channel_configurations;
ALTER TABLE campaign_versions ADD COLUMN configuration_revision integer NOT NULL DEFAULT 1;
-- Fragment id to the revision that was compiled in.
ALTER TABLE campaign_versions ADD COLUMN fragments jsonb NOT NULL DEFAULT '{}';

ALTER TABLE channel_configurations ADD COLUMN description text NOT NULL DEFAULT '';
-- A high-throughput configuration serves high-throughput campaigns and nothing else (spec 8).
ALTER TABLE channel_configurations ADD COLUMN high_throughput boolean NOT NULL DEFAULT false;
-- Counts the settings that were put in force.
ALTER TABLE channel_configurations ADD COLUMN revision integer NOT NULL DEFAULT 1;
-- An update of an active configuration: what was asked for, how it went, and why not.
ALTER TABLE channel_configurations ADD COLUMN update_status text CHECK (update_status IN ('Processing', 'Success', 'Failed'));
ALTER TABLE channel_configurations ADD COLUMN update_settings jsonb;
ALTER TABLE channel_configurations ADD COLUMN problems jsonb NOT NULL DEFAULT '[]';
ALTER TABLE channel_configurations ADD COLUMN created_by text NOT NULL DEFAULT '';
ALTER TABLE channel_configurations ADD COLUMN modified_by text NOT NULL DEFAULT '';

-- Pieces of content that campaigns share. `published` is what campaigns use; `content` is what the author works on.
CREATE TABLE fragments (
  fragment_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  fragment_type text NOT NULL CHECK (fragment_type IN ('html', 'expression')),
  sub_type text CHECK (sub_type IN ('TEXT', 'HTML', 'JSON')),
  parent_folder_id text,
  archived boolean NOT NULL DEFAULT false,
  content jsonb NOT NULL,
  -- Counts saves (the ETag), and changes of the content.
  revision integer NOT NULL DEFAULT 1,
  content_revision integer NOT NULL DEFAULT 1,
  published jsonb,
  -- The content_revision that was published.
  published_revision integer,
  published_at timestamptz,
  -- Profile and context paths of the first publication: later ones may read fewer, never others.
  attributes text[],
  -- How the last publication went, and why not.
  publication_id uuid,
  publication_problems jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  modified_at timestamptz(3) NOT NULL DEFAULT now(),
  modified_by text NOT NULL
);
CREATE INDEX fragments_by_tenant ON fragments (tenant_id, modified_at DESC, fragment_id DESC);

CREATE TABLE content_templates (
  template_id uuid PRIMARY KEY,
  tenant_id integer NOT NULL REFERENCES tenants,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  template_type text NOT NULL CHECK (template_type IN ('html', 'html_primary_page', 'html_sub_page', 'content')),
  channel text NOT NULL,
  origin text NOT NULL,
  parent_folder_id text,
  content jsonb NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  modified_at timestamptz(3) NOT NULL DEFAULT now(),
  modified_by text NOT NULL
);
CREATE INDEX content_templates_by_tenant ON content_templates (tenant_id, modified_at DESC, template_id DESC);
