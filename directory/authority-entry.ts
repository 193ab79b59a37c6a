// Tells how people write one authority: a table [[authority]] in network.toml and in succession files.

import * as v from 'valibot'
import { addresses, hex32 } from '../encoding/toml-fields.ts'
import { field } from '../encoding/toml-text.ts'
import type { AuthorityEntry } from './documents/network.ts'

/** Reads an [[authority]] of a TOML file: id, sharing_key and addresses. */
export const authorityEntry: v.GenericSchema<unknown, AuthorityEntry> = v.pipe(
  v.strictObject({
    id: field(hex32, '"the authority\'s key"'),
    sharing_key: field(hex32, '"the key that secrets are shared out to"'),
    addresses: field(addresses, '["/ip4/192.0.2.7/tcp/4101"]'),
  }),
  v.transform(({ id, sharing_key: sharingKey, addresses }) => ({ id, sharingKey, addresses })),
)
