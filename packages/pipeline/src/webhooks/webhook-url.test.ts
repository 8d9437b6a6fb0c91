import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPublicLookup } from '@outrigger/egress';
import { createPoster } from './post.ts';
import { webhookUrlProblem } from './webhook-url.ts';

describe('where a webhook may lead (F093)', () => {
  test('a name that was public and is private when it is called is not called (DNS rebinding)', async () => {
    const answers = ['8.8.8.8', '169.254.169.254'];
    const lookup = createPublicLookup((_name, _options, done) =>
      done(null, [{ address: answers.shift()!, family: 4 }]),
    );
    const first = await new Promise((resolve) => lookup('hooks.shop.example', {}, (...found) => resolve(found)));
    assert.deepEqual(first, [null, '8.8.8.8', 4]);
    const poster = createPoster({ allowInsecure: false, timeoutMs: 1_000, lookup });
    assert.deepEqual(await poster.post('https://hooks.shop.example/', {}, '{}'), { problem: 'EPRIVATE' });
    assert.deepEqual(answers, []);
    poster.close();
  });

  test('an address is checked when it is set, whatever it is dressed in', () => {
    const refused = [
      ...['http://hooks.shop.example/', 'ftp://hooks.shop.example/', 'file:///etc/passwd', 'javascript:alert(1)'],
      ...[
        'https://127.0.0.1/',
        'https://2130706433/',
        'https://0x7f000001/',
        'https://017700000001/',
        'https://127.1/',
      ],
      ...[
        'https://[::1]/',
        'https://[::ffff:a9fe:a9fe]/',
        'https://localhost/',
        'https://localhost./',
        'https://db.internal/',
      ],
      ...[
        'https://hooks.shop.example:22/',
        'https://hooks.shop.example:6379/',
        'https://user:pass@hooks.shop.example/',
      ],
      ...['https://hooks.shop.example/#x', 'hooks.shop.example', ''],
    ];
    for (const url of refused) assert.ok(webhookUrlProblem(url, false), url);
    for (const url of ['https://hooks.shop.example/a?b=c', 'https://hooks.shop.example:8443/', 'https://8.8.8.8/']) {
      assert.equal(webhookUrlProblem(url, false), undefined, url);
    }
    assert.equal(webhookUrlProblem('http://127.0.0.1:9000/', true), undefined);
    assert.ok(webhookUrlProblem('ftp://127.0.0.1/', true));
  });
});
