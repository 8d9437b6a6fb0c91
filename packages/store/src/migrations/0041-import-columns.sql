-- What the columns of a file mean when their headings do not say it themselves; null leaves a column out.
ALTER TABLE import_jobs ADD COLUMN columns jsonb NOT NULL DEFAULT '{}';
