import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addSuppressions, readSuppressionFacts, suppress } from '@outrigger/store';
import { waitFor } from '@outrigger/testkit';
import { startTestControl } from './control.ts';

const control = await startTestControl();
const BASE = '/ajo/config/suppression';
const { tenant } = control.caller;

const entry = (entityValue: string, comment?: string) => ({ entity: { type: 'email', entityValue }, comment });
const factsOf = async (address: string, tenantId = tenant.tenantId) =>
  (await readSuppressionFacts(control.pool, [{ tenantId, address }]))[0]!;

describe('addresses (F088)', () => {
  test('one goes on the list, is found whatever its case, stops mail at once, and comes off again', async () => {
    const added = await control.call('POST', `${BASE}/addresses`, [
      { entity: { type: 'email', entityValue: 'Gone@Shop.example' }, comment: 'asked to', user: 'astrid' },
    ]);
    assert.equal(added.status, 201);
    const [one] = added.body;
    assert.deepEqual(one.entity, { type: 'email', entityValue: 'gone@shop.example' });
    assert.equal(one.suppressed.type, 'MANUAL');
    assert.equal(one.suppressed.user, 'astrid');
    assert.deepEqual(one.client, { imsOrgId: tenant.orgId, sandboxId: tenant.sandboxName });
    assert.ok(Math.abs(one.creationDate - Date.now()) < 60_000, 'milliseconds');
    assert.equal((await factsOf('gone@SHOP.example')).address, 'suppressed');

    const read = await control.call('GET', `${BASE}/addresses/GONE%40shop.example`);
    assert.equal(read.body.id, one.id);
    assert.deepEqual(read.body.bounceState, { softCount: 0, bounceEvents: [] });
    assert.equal((await control.call('GET', `${BASE}/addresses/gone@shop.example?type=allowed`)).status, 404);

    assert.equal((await control.call('DELETE', `${BASE}/addresses/gone@shop.example?type=client`)).status, 204);
    assert.equal((await factsOf('gone@shop.example')).address, 'no');
    const missing = await control.call('GET', `${BASE}/addresses/gone@shop.example`);
    assert.equal(missing.status, 404);
    assert.match(missing.body.type, /SUP-000001-404$/);
  });

  test('one that bounced shows its counter and its bounces, those of this sandbox alone', async () => {
    await control.call('POST', `${BASE}/addresses`, [entry('soft@shop.example')]);
    const bounce = (tenantId: number, messageId: string, type: string, at: string) =>
      control.pool.query(
        `INSERT INTO bounce_events (tenant_id, address, message_id, bounce_type, code, at, message)
         VALUES ($1, 'soft@shop.example', $2, $3, '22', $4, 'mailbox full')`,
        [tenantId, messageId, type, at],
      );
    const [first, second, ignored] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`) as [
      string,
      string,
      string,
    ];
    await bounce(tenant.tenantId, first, 'SOFT', '2031-05-01T00:00:00Z');
    await bounce(tenant.tenantId, second, 'SOFT', '2031-05-03T00:00:00Z');
    await bounce(tenant.tenantId, ignored, 'IGNORED', '2031-05-04T00:00:00Z');
    await bounce(tenant.tenantId + 1_000, first, 'SOFT', '2031-05-05T00:00:00Z');
    const { bounceState } = (await control.call('GET', `${BASE}/addresses/Soft@shop.example`)).body;
    const event = (messageId: string, bounceType: string, day: string) => {
      return { messageId, date: `2031-05-${day}T00:00:00.000Z`, message: 'mailbox full', bounceType };
    };
    const listed = (await control.call('GET', `${BASE}/addresses?limit=1000`)).body.items;
    const one = listed.find(
      (item: { entity: { entityValue: string } }) => item.entity.entityValue === 'soft@shop.example',
    );
    assert.deepEqual(one.bounceState, bounceState);
    assert.deepEqual(bounceState, {
      softCount: 2,
      bounceEvents: [event(ignored, 'IGNORED', '04'), event(second, 'SOFT', '03'), event(first, 'SOFT', '01')],
    });
  });

  test('adding it again keeps its id and creation date and says what was said last', async () => {
    const [first] = (await control.call('POST', `${BASE}/addresses`, [entry('again@shop.example', 'first')])).body;
    const [second] = (await control.call('POST', `${BASE}/addresses`, [entry('Again@shop.example', 'second')])).body;
    assert.equal(second.id, first.id);
    assert.equal(second.creationDate, first.creationDate);
    assert.equal(second.suppressed.comment, 'second');
  });

  test('every page follows the one before, in every order, though thousands share one moment', async () => {
    const caller = await control.newCaller();
    const values = Array.from({ length: 45 }, (_, place) => `p${String(place).padStart(2, '0')}@shop.example`);
    await control.call(
      'POST',
      `${BASE}/addresses`,
      values.map((value) => entry(value)),
      { as: caller },
    );
    for (const orderby of [
      '-creationdate',
      'creationdate',
      'entityvalue',
      '-entityvalue',
      'suppresseduser',
      '-lastmodifieddate',
    ]) {
      const seen: string[] = [];
      let path: string | undefined = `${BASE}/addresses?limit=20&orderby=${orderby}`;
      let pages = 0;
      while (path) {
        const page = await control.call('GET', path, undefined, { as: caller });
        assert.equal(page.status, 200, page.text);
        assert.equal(page.body._page.orderby, orderby);
        assert.equal(page.body._page.count, page.body.items.length);
        seen.push(...page.body.items.map((item: { entity: { entityValue: string } }) => item.entity.entityValue));
        path = page.body._links.next?.href;
        pages++;
      }
      assert.equal(pages, 3);
      assert.deepEqual(seen.toSorted(), values, orderby);
      if (orderby === 'entityvalue') assert.deepEqual(seen, values);
      if (orderby === '-entityvalue') assert.deepEqual(seen, values.toReversed());
    }
  });

  test('the default is -creationdate and 20 a page; start may be a bare value; filters bound the date', async () => {
    const caller = await control.newCaller();
    const { tenantId } = caller.tenant;
    for (const [place, at] of [1_631_739_725_100, 1_631_739_725_150, 1_631_739_725_151].entries()) {
      await suppress(control.pool, tenantId, {
        entityType: 'email',
        entityValue: `d${place}@shop.example`,
        suppressedType: 'SOFT',
        suppressedBy: 'feedback',
      });
      await control.pool.query('UPDATE suppressions SET created_at = $1 WHERE tenant_id = $2 AND entity_value = $3', [
        new Date(at),
        tenantId,
        `d${place}@shop.example`,
      ]);
    }
    const list = async (query: string) => {
      const { body } = await control.call('GET', `${BASE}/addresses${query}`, undefined, { as: caller });
      return body.items.map((item: { creationDate: number }) => item.creationDate);
    };
    assert.deepEqual(await list(''), [1_631_739_725_151, 1_631_739_725_150, 1_631_739_725_100]);
    assert.deepEqual(await list('?start=1631739725150'), [1_631_739_725_150, 1_631_739_725_100]);
    assert.deepEqual(await list('?property=creationdate<1631739725150'), [1_631_739_725_100]);
    assert.deepEqual(
      await list('?property=creationdate>=1631739725150&property=channel==email'),
      [1_631_739_725_151, 1_631_739_725_150],
    );
    assert.deepEqual(await list('?property=channel==sms'), []);
  });

  test('what is wrong is refused and named, and nothing is stored', async () => {
    const bad: [string, unknown][] = [
      ['not an address', [entry('ok@shop.example'), entry('nobody')]],
      ['too many', Array.from({ length: 501 }, () => entry('a@shop.example'))],
      ['empty', []],
      ['a domain', [{ entity: { type: 'domain', entityValue: 'shop.example' } }]],
      ['unknown member', [{ ...entry('a@shop.example'), extra: 1 }]],
      ['not ASCII', [entry('a@shop.example', 'né')]],
    ];
    for (const [name, body] of bad) {
      const answer = await control.call('POST', `${BASE}/addresses`, body);
      assert.equal(answer.status, 400, name);
      assert.ok(answer.body.title.length > 10);
    }
    for (const query of [
      'orderby=password',
      'limit=0',
      'limit=1001',
      'limit=x',
      'type=other',
      'start=x',
      'property=user<1',
      'more=1',
    ]) {
      assert.equal((await control.call('GET', `${BASE}/addresses?${query}`)).status, 400, query);
    }
    assert.equal((await factsOf('ok@shop.example')).address, 'no');
  });
});

describe('domains (F089)', () => {
  test('a whole domain goes on the list in its punycode and comes off', async () => {
    const added = await control.call('POST', `${BASE}/domains`, [
      { entity: { type: 'domain', entityValue: 'Bücher.example' } },
    ]);
    assert.equal(added.body[0].entity.entityValue, 'xn--bcher-kva.example');
    assert.deepEqual(await factsOf('a@bücher.example'), { address: 'no', domain: true, allowed: 'inactive' });
    const list = await control.call('GET', `${BASE}/domains`);
    assert.deepEqual(
      list.body.items.map((item: { id: string }) => item.id),
      [added.body[0].id],
    );
    assert.equal((await control.call('GET', `${BASE}/domains/b%C3%BCcher.example`)).status, 200);
    assert.equal((await control.call('DELETE', `${BASE}/domains/xn--bcher-kva.example`)).status, 204);
    assert.equal((await factsOf('a@bücher.example')).domain, false);
  });
});

describe('CSV files (F090)', () => {
  const form = (content: string | Buffer, name = 'mysuppressions.csv', field = 'file') => {
    const data = new FormData();
    data.append('ignored', 'x');
    data.append(field, new Blob([content], { type: 'text/csv' }), name);
    return data;
  };
  const upload = async (content: string | Buffer, name?: string) => {
    const answer = await control.call('POST', `${BASE}/uploads`, undefined, { form: form(content, name) });
    assert.equal(answer.status, 201, answer.text);
    return answer.body.success.jobId as string;
  };
  const finished = (jobId: string) =>
    waitFor('the file to be imported', async () => {
      const { body } = await control.call('GET', `${BASE}/uploads/${jobId}`);
      return body.endTime === null ? undefined : body;
    });

  test('bad rows are in failedRecords, good ones are active', async () => {
    const jobId = await upload(
      'TYPE,VALUE,COMMENT\nEMAIL,Csv@shop.example,Known bad\nDOMAIN,bad.example,\nEMAIL,examplegmail@com,This is bad\n',
      '../../etc/my list.csv',
    );
    const job = await finished(jobId);
    assert.deepEqual(
      [job.status, job.responseCode, job.recordCount, job.handledCount, job.failedCount, job.filename],
      ['COMPLETE', 200, 3, 2, 1, 'my list.csv'],
    );
    assert.deepEqual(job.failedRecords, [
      {
        type: 'EMAIL',
        value: 'examplegmail@com',
        comments: 'This is bad',
        failureReason: 'Invalid format for the entry: examplegmail@com',
      },
    ]);
    assert.ok(Math.abs(job.createTime - Date.now() / 1_000) < 60, 'seconds');
    assert.equal((await factsOf('csv@shop.example')).address, 'suppressed');
    assert.equal((await factsOf('x@bad.example')).domain, true);
  });

  test('the same file again changes nothing (reliability H14)', async () => {
    const before = await control.call('GET', `${BASE}/addresses/csv@shop.example`);
    await finished(await upload('TYPE,VALUE,COMMENT\nEMAIL,Csv@shop.example,Known bad\n'));
    const after = await control.call('GET', `${BASE}/addresses/csv@shop.example`);
    assert.deepEqual(after.body, before.body);
  });

  test('what is no such file ends as an ERROR that says why', async () => {
    const job = await finished(await upload('value;comment\nx;y\n'));
    assert.equal(job.status, 'ERROR');
    assert.equal(job.responseCode, 400);
    assert.match(job.responseText, /only CSV files are allowed/);
  });

  test('jobs are listed newest first, paged, and a deleted one leaves what it imported', async () => {
    const first = await control.call('GET', `${BASE}/uploads?limit=2`);
    assert.equal(first.body._page.orderby, '-createtime');
    assert.equal(first.body.items.length, 2);
    const second = await control.call('GET', first.body._links.next.href);
    const ids = [...first.body.items, ...second.body.items].map((job: { jobId: string }) => job.jobId);
    assert.equal(new Set(ids).size, 3);
    for (const orderby of ['filename', '-failedcount', 'endtime', 'jobid', 'status', '-responsecode']) {
      assert.equal((await control.call('GET', `${BASE}/uploads?limit=1&orderby=${orderby}`)).body.items.length, 1);
    }
    for (const jobId of ids) {
      assert.equal((await control.call('DELETE', `${BASE}/uploads/${jobId}`)).status, 204);
      const gone = await control.call('GET', `${BASE}/uploads/${jobId}`);
      assert.match(gone.body.type, /SUP-000002-404$/);
    }
    assert.equal((await factsOf('csv@shop.example')).address, 'suppressed');
  });

  test('forms that are too large, broken or no forms are refused', async () => {
    const large = await control.call('POST', `${BASE}/uploads`, undefined, {
      form: form(Buffer.alloc(1_048_577, 'a')),
    });
    assert.equal(large.status, 413);
    const other = await control.call('POST', `${BASE}/uploads`, undefined, { form: form('x', 'a.csv', 'other') });
    assert.match(other.body.type, /SUP-000004-400$/);
    assert.equal((await control.call('POST', `${BASE}/uploads`, { file: 'x' })).status, 415);
    const raw = async (body: string) => {
      const headers = { ...control.caller.headers, 'content-type': 'multipart/form-data; boundary=x' };
      return (await fetch(`${control.url}${BASE}/uploads`, { method: 'POST', headers, body })).status;
    };
    assert.equal(await raw('--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nTYPE'), 400);
    assert.equal(await raw('nonsense'), 400);
    assert.equal(await raw(`--x\r\n${'a: b\r\n'.repeat(2_000)}\r\n--x--`), 400);
    assert.deepEqual((await control.call('GET', `${BASE}/uploads`)).body.items, []);
  });

  test('the export is a file that an upload takes, without formulas', async () => {
    const caller = await control.newCaller();
    const many = Array.from({ length: 2_100 }, (_, place) => ({
      entityType: 'email' as const,
      entityValue: `e${place}@shop.example`,
      comment: place === 0 ? '=1+1, "quoted"' : '',
      user: 'x',
    }));
    await addSuppressions(control.pool, caller.tenant.tenantId, 'client', many, 'x');
    const { text, headers } = await control.call('GET', `${BASE}/export`, undefined, { as: caller });
    assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8');
    const lines = text.trimEnd().split('\r\n');
    assert.equal(lines.length, 2_101);
    assert.equal(lines[0], 'TYPE,VALUE,COMMENT');
    assert.ok(lines.includes(`EMAIL,e0@shop.example,"'=1+1, ""quoted"""`));
  });
});

describe('the allowed list (F091)', () => {
  test('in force and empty it allows nobody; its entries are bounded; suppressed wins', async () => {
    const caller = await control.newCaller();
    const { tenantId } = caller.tenant;
    const as = { as: caller };
    assert.deepEqual((await control.call('GET', `${BASE}/allowed-list`, undefined, as)).body, {
      active: false,
      entries: 0,
    });
    assert.equal((await factsOf('a@shop.example', tenantId)).allowed, 'inactive');
    await control.call('PUT', `${BASE}/allowed-list`, { active: true }, as);
    assert.equal((await factsOf('a@shop.example', tenantId)).allowed, 'unlisted');
    await control.call(
      'POST',
      `${BASE}/domains?type=allowed`,
      [{ entity: { type: 'domain', entityValue: 'shop.example' } }],
      as,
    );
    assert.equal((await factsOf('a@shop.example', tenantId)).allowed, 'listed');
    assert.equal((await factsOf('a@other.example', tenantId)).allowed, 'domain_unlisted');
    await control.call('POST', `${BASE}/addresses?type=allowed`, [entry('a@other.example')], as);
    assert.equal((await factsOf('A@other.example', tenantId)).allowed, 'listed');
    assert.equal((await factsOf('b@other.example', tenantId)).allowed, 'unlisted');
    await control.call('POST', `${BASE}/addresses`, [entry('a@other.example')], as);
    assert.deepEqual(await factsOf('a@other.example', tenantId), {
      address: 'suppressed',
      domain: false,
      allowed: 'listed',
    });
    const fill = (count: number, from: number) =>
      control.call(
        'POST',
        `${BASE}/addresses?type=allowed`,
        Array.from({ length: count }, (_, place) => entry(`f${from + place}@shop.example`)),
        as,
      );
    await fill(500, 0);
    assert.equal((await fill(498, 500)).status, 201);
    const full = await fill(1, 998);
    assert.match(full.body.type, /SUP-000003-409$/);
    assert.equal((await fill(2, 0)).status, 201, 'those that are there already take no room');
    assert.equal((await factsOf('a@shop.example')).allowed, 'inactive', 'of another sandbox');
    assert.equal((await control.call('PUT', `${BASE}/allowed-list`, { active: false }, as)).body.active, false);
    assert.equal((await factsOf('b@other.example', tenantId)).allowed, 'inactive');
  });
});

describe('complaints (F092)', () => {
  const listed = (address: string, suppressedType: 'HARD' | 'SOFT', comment: string) =>
    suppress(control.pool, tenant.tenantId, {
      entityType: 'email',
      entityValue: address,
      suppressedType,
      suppressedBy: 'feedback',
      comment,
    });

  test('a complaint is told from a hard bounce, which replaces it', async () => {
    await listed('angry@shop.example', 'HARD', 'Spam Complaint');
    assert.equal((await factsOf('angry@shop.example')).address, 'complaint');
    await listed('angry@shop.example', 'HARD', 'Invalid Recipient');
    assert.equal((await factsOf('angry@shop.example')).address, 'suppressed');
    await listed('angry@shop.example', 'HARD', 'Spam Complaint');
    assert.equal((await factsOf('angry@shop.example')).address, 'suppressed');
  });

  test('nobody becomes a complaint by what is said of them through the API', async () => {
    await control.call('POST', `${BASE}/addresses`, [
      { ...entry('said@shop.example', 'Spam Complaint'), user: 'feedback' },
    ]);
    assert.equal((await factsOf('said@shop.example')).address, 'suppressed');
    await listed('bounced@shop.example', 'HARD', 'Invalid Recipient');
    await control.call('POST', `${BASE}/addresses`, [entry('bounced@shop.example', 'Spam Complaint')]);
    assert.equal((await factsOf('bounced@shop.example')).address, 'suppressed');
  });
});

describe('a wipe (F088)', () => {
  test('is answered 202 and the list is empty, of this sandbox alone and without the allowed list', async () => {
    const caller = await control.newCaller();
    const as = { as: caller };
    await control.call('POST', `${BASE}/addresses`, [entry('w@shop.example')], as);
    await control.call('POST', `${BASE}/addresses?type=allowed`, [entry('w@shop.example')], as);
    const { orgId, sandboxName, tenantId } = caller.tenant;
    const foreign = await control.call('DELETE', `${BASE}/admin/${tenant.orgId}/${tenant.sandboxName}`, undefined, as);
    assert.equal(foreign.status, 403);
    assert.equal((await control.call('DELETE', `${BASE}/admin/${orgId}/${sandboxName}`, undefined, as)).status, 202);
    assert.deepEqual((await control.call('GET', `${BASE}/addresses`, undefined, as)).body.items, []);
    await waitFor('the entry to be gone', async () =>
      (await factsOf('w@shop.example', tenantId)).address === 'no' ? true : undefined,
    );
    assert.equal((await control.call('GET', `${BASE}/addresses?type=allowed`, undefined, as)).body.items.length, 1);
    assert.ok((await control.call('GET', `${BASE}/addresses`)).body.items.length > 0);
    await control.call('POST', `${BASE}/addresses`, [entry('w@shop.example')], as);
    assert.equal((await control.call('GET', `${BASE}/addresses`, undefined, as)).body.items.length, 1);
    const audit = await control.call('GET', '/journey/campaigns/service/audit', undefined, as);
    assert.ok(audit.body.data.some((one: { action: string }) => one.action === 'suppression.wipe'));
  });
});
