// npm run chaos -- NAME [options]: one harness a folder, trials/chaos-NAME. Each drives a protocol with faults on a
// virtual clock and checks what must hold.

export interface Chaos {
  /**
   * Runs and prints; the arguments are what follows the name. The exit code: 0, 1 for violations, 2 for bad options.
   */
  readonly chaos: (args: readonly string[]) => Promise<number>
}

const harnesses: Readonly<Record<string, () => Promise<Chaos>>> = {
  cascade: () => import('./chaos-cascade/chaos-cascade.ts'),
  client: () => import('./chaos-client/chaos-client.ts'),
  directory: () => import('./chaos-directory/chaos-directory.ts'),
  'directory-model': () => import('./chaos-directory/model.ts'),
  node: () => import('./chaos-node/chaos-node.ts'),
  payment: () => import('./chaos-payment/chaos-payment.ts'),
  replay: () => import('./chaos-replay/chaos-replay.ts'),
  wire: () => import('./chaos-wire/chaos-wire.ts'),
}

const [name, ...args] = process.argv.slice(2)
if (name === undefined || !Object.hasOwn(harnesses, name)) {
  if (name !== undefined) console.error(`chaos: no harness ${name}`)
  console.error(`usage: npm run chaos -- NAME [--seeds N] [--json] [--break list|DEFECT]`)
  console.error(`NAME is one of: ${Object.keys(harnesses).join(', ')}`)
  process.exitCode = 2
} else {
  const { chaos } = await (harnesses[name] as () => Promise<Chaos>)()
  process.exitCode = await chaos(args)
}
