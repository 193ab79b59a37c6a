// npm run core [-- --check]: what asc has made of shuffle/core/ and sphinx/core/ (AssemblyScript) goes into the
// core-bytes.ts beside each, byte for byte the same on every machine. With --check it only compares, and exits with 1
// where they differ.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { base64 } from '../../encoding/base64.ts'

const root = join(import.meta.dirname, '..', '..')

for (const room of ['shuffle', 'sphinx']) {
  const target = join(root, room, 'core-bytes.ts')
  const bytes = readFileSync(join(root, '.cache', `${room}-core.wasm`))
  const text = `// Made by npm run core of ${room}/core/. Not to be edited.

/** WebAssembly, base64. */
export const coreBytes: string =
  '${base64(bytes)}'
`
  if (!process.argv.includes('--check')) {
    writeFileSync(target, text)
    console.log(`${target}: ${bytes.length} bytes of WebAssembly`)
  } else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${room}/core-bytes.ts is not what ${room}/core compiles to: npm run core`)
    process.exitCode = 1
  }
}
