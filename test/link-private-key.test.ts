// A host's identity key in libp2p is that of its seed: docs/spec/link.md 1.

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { privateKeyOf } from '../link/libp2p/private-key.ts'

test('the key of a seed is the one that libp2p makes of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 64 }),
      async (seed, message) => {
        const [ours, theirs] = [privateKeyOf(seed), await generateKeyPairFromSeed('Ed25519', seed)]
        assert.ok(ours.equals(theirs) && ours.publicKey.equals(theirs.publicKey))
        assert.ok(await theirs.publicKey.verify(message, await ours.sign(message)))
      },
    ),
    { numRuns: 20 },
  )
})

test.run()
