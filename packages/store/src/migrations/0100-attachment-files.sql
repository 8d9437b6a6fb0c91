-- Files that campaigns send along, as they were at activation: a frozen version must not depend on a store whose files end after
-- a week, or change. By content, so that versions that send the same file share one row.
CREATE TABLE attachment_files (
  tenant_id integer NOT NULL REFERENCES tenants,
  digest text NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (tenant_id, digest)
);
-- PDF is compressed already.
ALTER TABLE attachment_files ALTER COLUMN bytes SET STORAGE EXTERNAL;
