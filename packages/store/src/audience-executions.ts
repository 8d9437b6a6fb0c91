import type { JsonObject } from '@outrigger/core';
import type { Pool } from './pool.ts';

/** The context that the members of an audience execution share; empty when the call had none. */
export async function readSharedContext(pool: Pool, audienceExecutionId: string): Promise<JsonObject> {
  const { rows } = await pool.query<{ context: string | null }>(
    'SELECT context FROM audience_executions WHERE execution_id = $1',
    [audienceExecutionId],
  );
  const context = rows[0]?.context;
  return context ? (JSON.parse(context) as JsonObject) : {};
}
