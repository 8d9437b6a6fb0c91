-- One audience execution of a campaign at a time is turned into messages, also when several calls come at once.
DROP INDEX audience_executions_running;
CREATE UNIQUE INDEX audience_executions_running ON audience_executions (campaign_id) WHERE status = 'running';

-- Workers look twice a second for campaigns that were stopped lately.
CREATE INDEX campaigns_ended ON campaigns (modified_at) WHERE status IN ('STOPPED', 'ARCHIVED');
