import { expect, it } from 'vitest';
import { z } from 'zod';
import { lossSchema } from './loss-schema.ts';

const epl = { loss: 'EplLoss', classLoss: { loss: 'CurricularFaceLoss', margin: 0.3 } };

it('nests class losses in class losses, once', () => {
  const settings = { loss: 'UniTSFaceLoss', classLoss: epl };
  expect(lossSchema().parse(settings)).toEqual(settings);
  const combined = { loss: 'CombinedLoss', parts: { a: epl, b: { loss: { loss: 'TcmLoss' }, weight: 0.5 } } };
  expect(lossSchema().parse(combined)).toEqual(combined);
  for (const classLoss of [{ loss: 'UssLoss' }, { loss: 'EplLoss', classLoss: epl }]) {
    expect(lossSchema().safeParse({ loss: 'UniTSFaceLoss', classLoss }).success).toBe(false);
  }
});

it('appears in the JSON schema with one definition for each kind of nested loss', () => {
  const schema = z.toJSONSchema(z.object({ loss: lossSchema() }), { target: 'draft-7' });
  expect(Object.keys(schema.definitions as object).sort()).toEqual(['classLoss', 'innermostLoss', 'part']);
});
