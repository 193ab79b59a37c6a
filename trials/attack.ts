// npm run attack -- NAME [options]: one statistical attack a file, trials/attack/NAME.ts, each with the control in
// which it succeeds because the defence is off.

interface Attack {
  /** Attacks and prints; the arguments are what follows the name. Gives the exit code. */
  readonly attack: (args: readonly string[]) => Promise<number>
}

const attacks: Readonly<Record<string, () => Promise<Attack>>> = {
  collusion: () => import('./attack/collusion.ts'),
  compromised: () => import('./attack/compromised.ts'),
  cost: () => import('./attack/cost.ts'),
  days: () => import('./attack/days.ts'),
  gateway: () => import('./attack/gateway.ts'),
  intersection: () => import('./attack/intersection.ts'),
  silence: () => import('./attack/silence.ts'),
  timing: () => import('./attack/timing.ts'),
  traffic: () => import('./attack/traffic.ts'),
}

const [name, ...args] = process.argv.slice(2)
if (name === undefined || !Object.hasOwn(attacks, name)) {
  if (name !== undefined) console.error(`attack: no attack ${name}`)
  console.error(
    `usage: npm run attack -- NAME [--json]     NAME is one of: ${Object.keys(attacks).join(', ')}`,
  )
  process.exitCode = 2
} else {
  const { attack } = await (attacks[name] as () => Promise<Attack>)()
  try {
    process.exitCode = await attack(args)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    console.error(`attack: ${error.message}`)
    process.exitCode = isBadOption(error) ? 2 : 1
  }
}

/** Recognises what parseArgs and the readers of numbers throw for options that an attack does not have. */
function isBadOption(error: Error): boolean {
  return 'code' in error && (String(error.code).startsWith('ERR_PARSE_ARGS') || error.code === 'USAGE')
}
