/** What our dashboards show. The JSON files beside this are made from it (`npm run docs`); a test holds the queries to the catalogue of metrics. */

export type Panel = {
  title: string;
  unit: 's' | 'short' | 'reqps' | 'bytes' | 'percentunit';
  /** `{{lane}}` in a legend is Grafana's. */
  queries: { expr: string; legend: string }[];
  /** Shown as a single number, red when it is not zero. */
  mustBeZero?: true;
};

export type Dashboard = { uid: string; title: string; panels: Panel[] };

const quantile = (q: number, metric: string, by: string) =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${metric}_bucket[$__rate_interval])))`;

export const DASHBOARDS: Dashboard[] = [
  {
    uid: 'outrigger-delivery',
    title: 'Outrigger: delivery',
    panels: [
      {
        title: 'Lost (must be 0)',
        unit: 'short',
        mustBeZero: true,
        queries: [
          { expr: 'sum(max by (tenant) (outrigger_account_messages{part="lost"})) or vector(0)', legend: 'lost' },
        ],
      },
      {
        title: 'Accepted and sent',
        unit: 'reqps',
        queries: [
          { expr: 'sum(rate(outrigger_accepted_messages_total[$__rate_interval]))', legend: 'accepted' },
          { expr: 'sum(rate(outrigger_outcomes_total{state="sent"}[$__rate_interval]))', legend: 'sent' },
        ],
      },
      {
        title: 'Oldest message that waits, by lane',
        unit: 's',
        queries: [{ expr: 'max by (lane) (outrigger_lane_oldest_seconds)', legend: '{{lane}}' }],
      },
      {
        title: 'Messages that wait, by lane',
        unit: 'short',
        queries: [{ expr: 'max by (lane) (outrigger_lane_waiting_messages)', legend: '{{lane}}' }],
      },
      {
        title: 'From call to provider, p50 and p99',
        unit: 's',
        queries: [
          { expr: quantile(0.5, 'outrigger_call_to_provider_seconds', 'lane'), legend: '{{lane}} p50' },
          { expr: quantile(0.99, 'outrigger_call_to_provider_seconds', 'lane'), legend: '{{lane}} p99' },
        ],
      },
      {
        title: 'Not sent, by state and code',
        unit: 'reqps',
        queries: [
          {
            expr: 'sum by (state, code) (rate(outrigger_outcomes_total{state!="sent"}[$__rate_interval]))',
            legend: '{{state}} {{code}}',
          },
        ],
      },
      {
        title: 'In flight, by lane',
        unit: 'short',
        queries: [{ expr: 'sum by (lane) (outrigger_messages_in_flight)', legend: '{{lane}}' }],
      },
      {
        title: 'Repairs of the janitor',
        unit: 'reqps',
        queries: [
          { expr: 'sum by (kind) (rate(outrigger_janitor_repairs_total[$__rate_interval]))', legend: '{{kind}}' },
        ],
      },
    ],
  },
  {
    uid: 'outrigger-inside',
    title: 'Outrigger: inside',
    panels: [
      {
        title: 'Requests, by route and status',
        unit: 'reqps',
        queries: [
          {
            expr: 'sum by (route, status) (rate(outrigger_http_request_seconds_count[$__rate_interval]))',
            legend: '{{route}} {{status}}',
          },
        ],
      },
      {
        title: 'Request time, p99 by route',
        unit: 's',
        queries: [{ expr: quantile(0.99, 'outrigger_http_request_seconds', 'route'), legend: '{{route}}' }],
      },
      {
        title: 'Refusals, by code',
        unit: 'reqps',
        queries: [{ expr: 'sum by (code) (rate(outrigger_refusals_total[$__rate_interval]))', legend: '{{code}}' }],
      },
      {
        title: 'Accept: p99, and calls a statement',
        unit: 's',
        queries: [
          { expr: quantile(0.99, 'outrigger_accept_seconds', 'service'), legend: 'p99' },
          {
            expr: 'sum(rate(outrigger_accept_group_calls_sum[$__rate_interval])) / sum(rate(outrigger_accept_group_calls_count[$__rate_interval]))',
            legend: 'calls a statement',
          },
        ],
      },
      {
        title: 'Stages of a batch, p99',
        unit: 's',
        queries: [{ expr: quantile(0.99, 'outrigger_stage_seconds', 'stage'), legend: '{{stage}}' }],
      },
      {
        title: 'Recording outcomes, p99',
        unit: 's',
        queries: [{ expr: quantile(0.99, 'outrigger_record_seconds', 'service'), legend: '{{service}}' }],
      },
      {
        title: 'Provider calls, p99 by account',
        unit: 's',
        queries: [{ expr: quantile(0.99, 'outrigger_provider_seconds', 'account'), legend: '{{account}}' }],
      },
      {
        title: 'Provider calls, by account and result',
        unit: 'reqps',
        queries: [
          {
            expr: 'sum by (account, result) (rate(outrigger_provider_seconds_count[$__rate_interval]))',
            legend: '{{account}} {{result}}',
          },
        ],
      },
      {
        title: 'Accounts out of service',
        unit: 'short',
        mustBeZero: true,
        queries: [{ expr: 'sum(max by (account) (outrigger_breaker_open)) or vector(0)', legend: 'open breakers' }],
      },
      {
        title: 'Waiting for a slot of the rates, p99',
        unit: 's',
        queries: [{ expr: quantile(0.99, 'outrigger_limiter_wait_seconds', 'service'), legend: '{{service}}' }],
      },
      {
        title: 'CPU, by service',
        unit: 'percentunit',
        queries: [
          { expr: 'sum by (service) (rate(process_cpu_seconds_total[$__rate_interval]))', legend: '{{service}}' },
        ],
      },
      {
        title: 'Memory, by process',
        unit: 'bytes',
        queries: [{ expr: 'process_resident_memory_bytes', legend: '{{service}} {{instance}}' }],
      },
      {
        title: 'Event loop lag, p99',
        unit: 's',
        queries: [{ expr: 'max by (service) (nodejs_eventloop_lag_p99_seconds)', legend: '{{service}}' }],
      },
    ],
  },
];
