// npm run core [--check]: compiles shuffle/core/ (AssemblyScript) into shuffle/core-bytes.ts, byte for byte the same
// wherever it runs. With --check it only compares, and exits with 1 where they differ.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from 'assemblyscript/asc'

const root = join(import.meta.dirname, '..', '..')
const target = join(root, 'shuffle', 'core-bytes.ts')

let bytes: Uint8Array | undefined
const options = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--outFile', 'core.wasm']
const { error, stderr } = await main(['shuffle/core/index.ts', ...options, '--baseDir', root], {
  writeFile: (_name: string, contents: string | Uint8Array) => {
    bytes = contents as Uint8Array
  },
})
if (error || bytes === undefined) {
  console.error(stderr.toString())
  throw error ?? new Error('core: nothing was compiled')
}
const text = `// Made by npm run core of shuffle/core/. Not to be edited.

/** WebAssembly, base64. */
export const coreBytes: string =
  '${Buffer.from(bytes).toString('base64')}'
`
if (!process.argv.includes('--check')) {
  writeFileSync(target, text)
  console.log(`${target}: ${bytes.length} bytes of WebAssembly`)
} else if (readFileSync(target, 'utf8') !== text) {
  console.error('shuffle/core-bytes.ts is not what shuffle/core compiles to: npm run core')
  process.exitCode = 1
}
