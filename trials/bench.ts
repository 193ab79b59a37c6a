// npm run bench -- NAME [options]: one measurement a file, trials/bench/NAME.ts.

import { CommandError } from '../encoding/command-line.ts'

interface Bench {
  /** Measures and prints; the arguments are what follows the name. */
  readonly bench: (args: readonly string[]) => Promise<void>
}

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  client: () => import('./bench/client.ts'),
  directory: () => import('./bench/directory.ts'),
  gateway: () => import('./bench/gateway.ts'),
  link: () => import('./bench/link.ts'),
  page: () => import('./bench/page.ts'),
  relay: () => import('./bench/relay.ts'),
  payment: () => import('./bench/payment.ts'),
  rounds: () => import('./bench/rounds.ts'),
  shuffle: () => import('./bench/shuffle.ts'),
  simulator: () => import('./bench/simulator.ts'),
  sphinx: () => import('./bench/sphinx.ts'),
  start: () => import('./bench/start.ts'),
}

const [name, ...args] = process.argv.slice(2)
if (name === undefined || !Object.hasOwn(benches, name)) {
  if (name !== undefined) console.error(`bench: no measurement ${name}`)
  console.error(
    `usage: npm run bench -- NAME [--json]     NAME is one of: ${Object.keys(benches).join(', ')}`,
  )
  process.exitCode = 2
} else {
  const { bench } = await (benches[name] as () => Promise<Bench>)()
  try {
    await bench(args)
  } catch (error) {
    if (!isBadOption(error) && !(error instanceof CommandError)) throw error
    console.error(`bench: ${error.message}`)
    if (error instanceof CommandError && error.hint !== undefined) console.error(`hint: ${error.hint}`)
    process.exitCode = error instanceof CommandError ? error.exitCode : 2
  }
}

/** Recognises what parseArgs throws for options that a measurement does not have. */
function isBadOption(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}
