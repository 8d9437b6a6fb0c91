/** `npm run docs`: writes the generated parts of the documentation. test/docs.test.ts holds the committed files to it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDocs } from './pages.ts';

const root = join(import.meta.dirname, '..', '..');
for (const { path, wanted, present } of await generateDocs(root)) {
  if (wanted === present) continue;
  writeFileSync(join(root, path), wanted);
  console.log(`wrote ${path}`);
}
