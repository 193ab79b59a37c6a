// Has a process of `attack -- gateway` take cheap-crypto.ts for `#crypto`. Loaded with --import, before anything else.

import { register } from 'node:module'

const cheap = new URL('cheap-crypto.ts', import.meta.url).href
const hooks = `export const resolve = (specifier, context, next) =>
  next(specifier === '#crypto' ? ${JSON.stringify(cheap)} : specifier, context)`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
