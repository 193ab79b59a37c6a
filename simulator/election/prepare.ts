// What there is before anybody votes: keys, the plan of a mix-net, the election's definition, a register and the codes;
// each made by the command that people use.

import { mkdirSync, writeFileSync } from 'node:fs'
import { keyId } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { readPlanFile } from '../../roles/mixnet/folder.ts'
import { freePorts } from '../processes/plan.ts'
import { mixers, mixesLeast, type Places, threshold, trustees } from './places.ts'
import { inPairs, must } from './program.ts'

export const mixnetName = 'village'
/** So long others wait for a mixer: much longer than one that was killed takes to come back. */
const patience = '3min'
/** Leaves two out of six: one of them is away. */
const quorum = 4
/** Words that are found in no other text by chance. */
export const options: readonly string[] = ['Hornbeam', 'Rowan tree', 'Wild cherry', 'Small-leaved lime']

/** Prepares the demonstration's folders. @returns the election's id */
export async function prepare(places: Places, voters: number, signal: AbortSignal): Promise<string> {
  const lines = new Map<string, string>()
  await inPairs([...mixers, ...trustees], async name => {
    const what = mixers.includes(name) ? 'mixer' : 'trustee'
    const args = ['cascade', 'init', what, places.of(name), '--name', name]
    lines.set(name, await must(args, { folder: places.of(name), signal }))
  })
  const line = (name: string): string => lines.get(name) as string
  const [port] = await freePorts(1)
  await must(
    [
      ...['cascade', 'init', 'mixnet', places.of('controller'), '--name', mixnetName],
      ...['--url', `http://127.0.0.1:${port}`, '--threshold', String(threshold), '--quorum', String(quorum)],
      ...['--patience', patience],
      ...mixers.flatMap(name => ['--mixer', line(name)]),
      ...trustees.flatMap(name => ['--trustee', line(name)]),
    ],
    { folder: places.of('controller'), signal },
  )
  const authority = places.of('authority')
  mkdirSync(authority, { recursive: true, mode: 0o700 })
  const toml = places.of('authority', 'election.toml')
  writeFileSync(toml, definitionText(places, line))
  const board = { folder: authority, signal }
  const election = await must(['election', 'init', places.board, '--from', toml], board)
  writeFileSync(places.register, registerText(voters), { mode: 0o600 })
  const files = ['--voters', places.register, '--codes', places.codes]
  await must(['election', 'credentials', places.board, ...files], board)
  return election
}

function definitionText(places: Places, line: (name: string) => string): string {
  const { controller_key } = readPlanFile(places.plan)
  const id = (name: string): string =>
    `"${keyId(fromHex((line(name).split('=')[1] as string).split(',')[0] as string))}"`
  return `title = "A tree for the village green"
mixnet = "${mixnetName}"
controller_key = "${controller_key}"
mixers = [${mixers.map(id).join(', ')}]
mixes_least = ${mixesLeast}
trustees = [${trustees.map(id).join(', ')}]
threshold = ${threshold}
quorum = ${quorum}
ballots_least = 2

[[questions]]
kind = "choose"
text = "Which tree shall stand on the green?"
options = [${options.map(each => `"${each}"`).join(', ')}]
blank = true
methods = ["plurality"]
seats = 1
min = 1
max = 1
write_ins = 0
`
}

/** Names are numbers: they need only be what nothing else is called. */
function registerText(voters: number): string {
  const rows = Array.from({ length: voters }, (_, i) => {
    const number = String(i + 1).padStart(4, '0')
    return `Voter Number ${number},voter-${number}@village.example`
  })
  return `${['name,mail', ...rows].join('\n')}\n`
}
