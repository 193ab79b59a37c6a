// chaffinch/network in browsers: the text of network.toml, which everybody of a network has alike.

import * as v from 'valibot'
import { duration, name, whole } from '../encoding/toml-fields.ts'
import { checkToml, field } from '../encoding/toml-text.ts'
import { suiteNames } from '../sphinx/suite-names.ts'
import { authorityEntry } from './authority-entry.ts'
import { type Network, topologies } from './documents/network.ts'

export { FileError } from '../encoding/toml-text.ts'
export type { Network } from './documents/network.ts'

const networkSchema = v.strictObject({
  name: field(name, '"demo"'),
  genesis: field(
    v.pipe(
      v.date(),
      v.transform(date => date.getTime()),
    ),
    '2026-01-31T12:00:00Z',
  ),
  epoch: field(duration(1000), '"20min"'),
  threshold: field(whole(1, 64), '2'),
  suite: v.optional(v.picklist(suiteNames), 'x25519'),
  user_bytes: v.optional(field(whole(200, 32_000), '2000'), 2000),
  topology: v.optional(v.picklist(topologies), 'stratified'),
  layers: v.optional(field(whole(1, 8), '3'), 3),
  minimum: v.optional(
    v.strictObject({
      mixes: v.optional(field(whole(0, 10_000), '3')),
      gateways: v.optional(field(whole(0, 10_000), '1'), 1),
    }),
    {},
  ),
  authority: field(
    v.pipe(v.array(authorityEntry), v.minLength(1, 'want at least one [[authority]]')),
    '[[authority]] with id, sharing_key and addresses',
  ),
})

/**
 * Reads the text that says what a network is: whoever runs it hands it out.
 *
 *     const network = parseNetwork(await (await fetch('network.toml')).text())
 *
 * @param where the file's name, for errors
 * @throws FileError, whose message names the line, the key, and what is wanted there
 */
export function parseNetwork(text: string, where = 'network.toml'): Network {
  const read = checkToml(where, text, networkSchema)
  return {
    name: read.name,
    genesis: read.genesis,
    epochMs: read.epoch,
    authorities: read.authority,
    threshold: read.threshold,
    suite: read.suite,
    hops: read.layers + 2,
    userBytes: read.user_bytes,
    topology: read.topology,
    layers: read.layers,
    minimum: { mixes: read.minimum.mixes ?? read.layers, gateways: read.minimum.gateways ?? 1 },
  }
}
