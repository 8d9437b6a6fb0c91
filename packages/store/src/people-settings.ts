import type { Pool } from './pool.ts';

/** How a sandbox treats people: which consents count, and where addresses are found when a configuration names no field. */
export type PeopleSettings = {
  consentMode: 'opt-out' | 'opt-in';
  consentBases: string[];
  emailAddressField: string | null;
  phoneNumberField: string | null;
};

/** What holds for a sandbox that never said anything. */
export const DEFAULT_PEOPLE_SETTINGS: PeopleSettings = {
  consentMode: 'opt-out',
  consentBases: [],
  emailAddressField: null,
  phoneNumberField: null,
};

export async function readPeopleSettings(pool: Pool, tenantId: number): Promise<PeopleSettings> {
  const { rows } = await pool.query<PeopleSettings>(
    `SELECT consent_mode AS "consentMode", consent_bases AS "consentBases", email_address_field AS "emailAddressField",
       phone_number_field AS "phoneNumberField" FROM people_settings WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0] ?? DEFAULT_PEOPLE_SETTINGS;
}

export async function writePeopleSettings(pool: Pool, tenantId: number, settings: PeopleSettings): Promise<void> {
  await pool.query(
    `INSERT INTO people_settings (tenant_id, consent_mode, consent_bases, email_address_field, phone_number_field)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant_id) DO UPDATE SET consent_mode = excluded.consent_mode, consent_bases = excluded.consent_bases,
       email_address_field = excluded.email_address_field, phone_number_field = excluded.phone_number_field, modified_at = now()`,
    [tenantId, settings.consentMode, settings.consentBases, settings.emailAddressField, settings.phoneNumberField],
  );
}
