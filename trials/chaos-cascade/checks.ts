// Finds what does not hold at the end of a run of `npm run chaos -- cascade` (invariants.ts).

import { Audit } from '../../cascade/audit.ts'
import { digestOf } from '../../cascade/signed.ts'
import { group } from '../../simulator/cascade-world.ts'
import { seededRandom } from '../../world/random.ts'
import type { Violation } from './invariants.ts'
import { liarText } from './liars.ts'
import type { Stage } from './stage.ts'

const liesOfController: readonly string[] = ['log-swapped', 'blob-changed']

/** Finds what does not hold at the end of a run. */
export async function violationOf(stage: Stage): Promise<Violation | undefined> {
  const { world, plan, controller } = stage
  const strict = new Audit(world.mixnet, controller.keyData, group, seededRandom(plan.seed + 2_000_000))
  await strict.follow({ log: from => controller.log(from), blob: hash => controller.blob(hash) })
  const [lie] = strict.findings.filter(({ who }) => who === 'controller')
  if (lie !== undefined) return { invariant: 'not-allowed', why: lie.what }
  const digests = new Set(strict.entries.map(({ payload }) => digestOf(payload)))
  for (const [i, client] of world.clients.entries())
    for (const { request } of client.receipts())
      if (!digests.has(digestOf(request.payload)))
        return { invariant: 'accepted-lost', why: `client ${i} has a receipt for what is not in the log` }
  return unmixed(stage, strict) ?? findings(stage, strict) ?? result(stage)
}

function unmixed({ world, plan }: Stage, strict: Audit): Violation | undefined {
  for (const cycle of strict.board.cycles.get(world.peers[0] as string) ?? [])
    for (const { index } of cycle.shares)
      if (
        strict.mixesBefore(cycle) === 0 &&
        !(plan.lie === 'trustee-lies' && plan.mixers + index - 1 === plan.whom)
      )
        return { invariant: 'unmixed', why: `trustee ${index} decrypted cycle ${cycle.id}` }
  return undefined
}

function findings(stage: Stage, strict: Audit): Violation | undefined {
  const { world, plan } = stage
  const liar = world.signers[plan.whom]?.id
  for (const audit of stage.honestAudits) {
    const named = audit.findings.map(({ who }) => who)
    const innocent = named.find(who => who === 'controller' || who !== liar || stage.isHonest(plan.whom))
    if (innocent !== undefined) return { invariant: 'honest-blamed', why: `${innocent} did nothing wrong` }
    if (audit.size === strict.size && strict.findings.length > named.length)
      return { invariant: 'liar-unnamed', why: strict.findings.map(({ what }) => what).join(', ') }
  }
  if (!liesOfController.includes(plan.lie)) return undefined
  const lied = world.members[plan.whom]?.audit.findings.find(({ who }) => who !== 'controller')
  return lied && { invariant: 'honest-blamed', why: `${lied.who}, for a lie of the Controller` }
}

function result(stage: Stage): Violation | undefined {
  const { plan, world } = stage
  const wanted = [...plan.texts].sort().join('\n')
  for (const found of stage.results()) {
    if (plan.lie === 'unmixed') continue
    if (found === undefined) return { invariant: 'stuck', why: 'no result after all faults were over' }
    // What was given up has no result, and everybody knows that it was
    if (plan.few === 'end') continue
    const liars = found.filter(text => text === liarText).length
    const honest = found.filter(text => text !== liarText).join('\n')
    // Who was late for the only cycle is not in it, and knows so
    const late = world.clients.flatMap((client, i) =>
      ['queued', 'accepted'].includes(client.progress(0)) ? [plan.texts[i] as string] : [],
    )
    const expected = [...plan.texts]
      .filter(text => !late.includes(text))
      .sort()
      .join('\n')
    if (liars > 1 || (honest !== wanted && honest !== expected))
      return { invariant: 'result', why: `want ${expected.replaceAll('\n', ', ')}: have ${found.join(', ')}` }
  }
  return undefined
}
