// The vectors of others that say what the packets of a client are: as `npm run conformance`, for what runs in a page.

import type { Check } from '../../trials/conformance/check.ts'
import { katzenpostPackets } from '../../trials/conformance/katzenpost.ts'
import {
  katzenpostAez,
  katzenpostChaCha20,
  katzenpostKdfVectors,
} from '../../trials/conformance/katzenpost-parts.ts'
import { lionessAnswer } from '../../trials/conformance/lioness.ts'

const folder = '/repository/vectors'
const files: readonly (readonly [string, (path: string) => readonly Check[]])[] = [
  ['katzenpost-kem/kemsphinx_x25519_entries0-1.json', katzenpostPackets],
  ['katzenpost-kem/kdf_sphinx.json', katzenpostKdfVectors],
  ['katzenpost-kem/sprp_aez.json', katzenpostAez],
  ['katzenpost-kem/chacha20_deterministic_rand.json', katzenpostChaCha20],
  ['lioness-rs-chacha20-blake2b.json', lionessAnswer],
]

const checks = files.flatMap(([file, run]) => run(`${folder}/${file}`))
const bad = checks.filter(({ ok }) => !ok)
for (const { id, detail } of bad) console.log(`${id}: ${detail}\n`)
console.log(`${checks.length - bad.length} passed, ${bad.length} failed`)
