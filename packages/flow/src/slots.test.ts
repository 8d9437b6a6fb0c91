import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addSlots, countSlots, lastSlotAt, nextSlotAt, SLOT_LIFE_MS, type Slots, takeSlot } from './slots.ts';

describe('reserved slots', () => {
  it('are handed out at their times, each once, and lost when late', () => {
    const slots: Slots = { chunks: [] };
    addSlots(slots, 100, 10, 3);
    assert.equal(lastSlotAt(slots), 300);
    assert.equal(takeSlot(slots, 99), false);
    assert.equal(takeSlot(slots, 100), true);
    assert.equal(takeSlot(slots, 100), false);
    assert.equal(nextSlotAt(slots, 100), 200);
    assert.equal(takeSlot(slots, 251), false, 'the one of 200 is lost');
    assert.equal(countSlots(slots, 251), 1);
    assert.equal(takeSlot(slots, 350), true);
    assert.equal(nextSlotAt(slots, 350), undefined);
    assert.equal(lastSlotAt(slots), undefined);
  });

  it('never give out more than lie between the oldest that is still good and now', () => {
    const chunks = fc.array(
      fc.record({ gapMs: fc.nat(300), rate: fc.integer({ min: 1, max: 5_000 }), count: fc.nat(200) }),
    );
    const steps = fc.array(fc.nat(120), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(chunks, steps, (given, waits) => {
        const slots: Slots = { chunks: [] };
        const all: number[] = [];
        let atMs = 0;
        for (const { gapMs, rate, count } of given) {
          atMs += gapMs;
          addSlots(slots, atMs, rate, count);
          for (let i = 0; i < count; i++) all.push(atMs + (i * 1_000) / rate);
          atMs += (count * 1_000) / rate;
        }
        let nowMs = 0;
        let used = 0;
        for (const wait of waits) {
          const beforeMs = nowMs;
          nowMs += wait;
          const held = countSlots(slots, nowMs);
          let taken = 0;
          while (takeSlot(slots, nowMs)) taken++;
          // 0.001: the sum of many intervals is not exactly their product.
          const open = all.filter(
            (at) => at > beforeMs - SLOT_LIFE_MS - 0.001 && at >= nowMs - SLOT_LIFE_MS - 0.001 && at <= nowMs + 0.001,
          );
          assert.ok(taken <= open.length, `${taken} taken of ${open.length}`);
          assert.equal(countSlots(slots, nowMs), held - taken);
          used += taken;
        }
        assert.ok(used <= all.filter((at) => at <= nowMs + 0.001).length);
      }),
    );
  });
});
