import { type Recipient, uuidv7 } from '@outrigger/core';
import { type AcceptItem, acceptGroup } from './accept.ts';
import { insertVersion, type NewVersion } from './campaign-versions.ts';
import { inTransaction, type Pool } from './pool.ts';

/** Messages of one version: a version a variant and subject prefix. `recipients` have one address each. */
export type ProofSend = { variantId: string; versionId: string; recipients: Recipient[] };
export type ProofFailure = { userId: string; reason: string };

/** How a variant fared. `messageId` names what it is a variant of. */
export type ProofVariant = {
  variantId: string;
  messageId: string;
  /** Messages asked for, and those that were handed to delivery. */
  targeted: number;
  submitted: number;
  failures: ProofFailure[];
  executionIds: string[];
};

export type ProofJob = {
  proofJobId: string;
  tenantId: number;
  campaignId: string;
  status: 'CREATED' | 'PROCESSING' | 'SUBMITTED' | 'PARTIALLY_FAILED' | 'FAILED';
  sends: ProofSend[] | null;
  variants: ProofVariant[];
  createdAt: Date;
  createdBy: string;
  startedAt: Date | null;
};

const COLUMNS = `proof_job_id AS "proofJobId", tenant_id AS "tenantId", campaign_id AS "campaignId", status,
  sends, variants, created_at AS "createdAt", created_by AS "createdBy", started_at AS "startedAt"`;

/** Freezes what the proof sends, and notes the job. */
export async function createProofJob(
  pool: Pool,
  job: Pick<ProofJob, 'tenantId' | 'campaignId' | 'variants' | 'createdBy'>,
  sends: { variantId: string; version: NewVersion; recipients: Recipient[] }[],
): Promise<ProofJob> {
  return inTransaction(pool, async (client) => {
    // Two proofs at once would take the same number.
    await client.query('SELECT FROM campaigns WHERE campaign_id = $1 FOR UPDATE', [job.campaignId]);
    const frozen: ProofSend[] = [];
    for (const { variantId, version, recipients } of sends) {
      const versionId = uuidv7();
      await insertVersion(client, versionId, job, version, 'proof', job.createdBy);
      frozen.push({ variantId, versionId, recipients });
    }
    const { rows } = await client.query<ProofJob>(
      `INSERT INTO proof_jobs (proof_job_id, tenant_id, campaign_id, sends, variants, created_by)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
      [uuidv7(), job.tenantId, job.campaignId, JSON.stringify(frozen), JSON.stringify(job.variants), job.createdBy],
    );
    return rows[0]!;
  });
}

export async function readProofJob(
  pool: Pool,
  tenantId: number,
  campaignId: string,
  proofJobId: string,
): Promise<ProofJob | undefined> {
  const { rows } = await pool.query<ProofJob>(
    `SELECT ${COLUMNS} FROM proof_jobs WHERE tenant_id = $1 AND campaign_id = $2 AND proof_job_id = $3`,
    [tenantId, campaignId, proofJobId],
  );
  return rows[0];
}

/**
 * Submits one job that waits: `submissionsOf` says what becomes of its messages, and messages and status are committed together, so
 * that a crash sends nothing twice. The batches are fed to the queue by the janitor. Returns whether there was a job. One that
 * cannot be submitted for an hour is given up.
 */
export async function submitProofJob(
  pool: Pool,
  submissionsOf: (job: ProofJob) => Promise<ProofSubmission[]>,
): Promise<boolean> {
  await pool.query(
    `UPDATE proof_jobs SET status = 'FAILED', sends = NULL
     WHERE status = 'CREATED' AND created_at < now() - interval '1 hour'`,
  );
  return inTransaction(pool, async (client) => {
    // In no order: one that fails again and again must not keep the others waiting.
    const { rows } = await client.query<ProofJob>(
      `SELECT ${COLUMNS} FROM proof_jobs WHERE status = 'CREATED' ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    const job = rows[0];
    if (!job) return false;
    const submissions = await submissionsOf(job);
    const items = submissions.flatMap(({ item }) => item ?? []);
    if (items.length > 0) await acceptGroup(client, items, () => true);
    const variants = job.variants.map((variant) => withSubmissions(variant, submissions));
    const failed = variants.some(({ failures }) => failures.length > 0);
    const status = items.length === 0 ? 'FAILED' : failed ? 'PARTIALLY_FAILED' : 'SUBMITTED';
    await client.query(
      `UPDATE proof_jobs SET status = $2, sends = NULL, variants = $3, started_at = now() WHERE proof_job_id = $1`,
      [job.proofJobId, status, JSON.stringify(variants)],
    );
    return true;
  });
}

/** What became of one send: its messages, and who gets none and why. */
export type ProofSubmission = { variantId: string; item?: AcceptItem; failures: ProofFailure[] };

function withSubmissions(variant: ProofVariant, submissions: ProofSubmission[]): ProofVariant {
  const own = submissions.filter(({ variantId }) => variantId === variant.variantId);
  const items = own.flatMap(({ item }) => item ?? []);
  return {
    ...variant,
    submitted: items.reduce((sum, item) => sum + item.messageIds.length, 0),
    failures: [...variant.failures, ...own.flatMap(({ failures }) => failures)],
    executionIds: items.map((item) => item.executionId),
  };
}
