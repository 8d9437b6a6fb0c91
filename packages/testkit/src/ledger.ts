import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { migrate, openPool, type Pool } from '@outrigger/store';

/** A ledger of its own for one test file: a fresh schema, migrated, dropped when the file's tests are over. */
export type TestLedger = { pool: Pool; databaseUrl: string; schema: string };

/** The database that `npm test` starts. A test that needs one says so instead of passing silently. */
export function testDatabaseUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run the tests with `npm test`');
  return url;
}

/** Opens the file's ledger; call it at the top level of a test file. */
export async function openTestLedger(): Promise<TestLedger> {
  const schema = `test_${randomBytes(6).toString('hex')}`;
  const databaseUrl = testDatabaseUrl();
  const pool = openPool({ databaseUrl, schema, maxConnections: 8 });
  await migrate(pool, schema);
  after(async () => {
    try {
      await dropSchema(pool, schema);
    } finally {
      await pool.end();
    }
  });
  return { pool, databaseUrl, schema };
}

const MOST_ATTEMPTS = 5;

/** A service of the file that is still stopping takes locks in another order: whoever loses the deadlock asks again. */
async function dropSchema(pool: Pool, schema: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== '40P01' || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}
