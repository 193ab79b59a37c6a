// chaffinch cascade mixer and trustee: a member of a mix-net, on its own computer. Its key never leaves it.

import { join } from 'node:path'
import {
  ChainFounding,
  Closing,
  Founding,
  keyId,
  Member,
  type Post,
  plannedChains,
  remoteController,
  sealingSecret,
  signerOf,
} from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { coreGroup } from '../../shuffle/index.ts'
import type { Log } from '../../world/log.ts'
import { LogLines } from '../../world/log-lines.ts'
import { systemRandom } from '../../world/random.ts'
import { readKey, tellPort } from '../files/index.ts'
import { closing, openLog, runRole } from '../role.ts'
import { asHeld, closer, closesAt, electionsIn, FoundingWithElections } from './elections.ts'
import { FileShelf, keyName, planName, readPlanFile } from './folder.ts'
import { again } from './loop.ts'
import { foldersTaken, serveMemberPage } from './member-page.ts'
import { type MemberStatus, memberStatus } from './member-status.ts'
import { surveysIn } from './surveys.ts'
import { afterFew, prolongedUntil, wantsEnded } from './too-few.ts'

export interface MemberOptions {
  readonly plan?: string
  readonly election?: readonly string[]
  readonly survey?: readonly string[]
  readonly port?: string
}

/**
 * Runs until SIGTERM or Ctrl-C.
 *
 * @param post carries its requests; default: to the Controller of the plan, as they are
 * @returns the exit code
 */
export async function runMember(
  what: 'mixer' | 'trustee',
  folder: string,
  options: MemberOptions,
  post?: Post,
): Promise<number> {
  const lines = new LogLines(Date.now)
  const log = lines.around(openLog(what, 'info'))
  return await runRole(log, () =>
    closing(async later => {
      const plan = readPlanFile(options.plan ?? planName)
      const seed = readKey(join(folder, keyName))
      const signer = signerOf(seed)
      const those = what === 'mixer' ? plan.mixers : plan.trustees
      const own = those.find(({ key_data }) => keyId(fromHex(key_data)) === signer.id)
      if (own === undefined)
        throw new CommandError('CONFIG', `${folder}: is the key of no ${what} of ${plan.mixnet}`)
      const group = coreGroup()
      const shelf = new FileShelf(join(folder, 'shelf'))
      const founding = new Founding({ plan, signer, seed, group, random: systemRandom, shelf })
      const folders = [...(options.election ?? []), ...foldersTaken(folder)]
      const elections = [...electionsIn(folders, plan, signer.id)]
      const closes = new Closing(plan)
      const surveys = surveysIn(options.survey ?? [], plan, signer.id)
      const chains = [plannedChains(plan) ?? [], surveys.map(each => each.chains)].flat()
      const beside = new ChainFounding({ group, signer, seed, name: own.name, chains })
      const member = new Member({
        mixnet: plan.mixnet,
        signer,
        controllerKey: fromHex(plan.controller_key),
        group,
        random: systemRandom,
        shelf,
        ...remoteController({ url: plan.url, fetch }),
        ...(post === undefined ? {} : { post }),
        sealingSecret: sealingSecret(group, seed),
        founding: new FoundingWithElections(plan, signer.id, founding, elections, beside),
        // Elections come while it runs: its operator takes part in them by the page
        mayClose: (cycle, peer, now) =>
          closer(folder, [...elections.map(asHeld), ...surveys], each => closes.isTime(each, now))(
            cycle,
            peer,
            now,
          ),
        afterFew: afterFew(folder, () => elections),
        patience: plan.patience_ms,
        mixesAtLeast: peer => elections.find(each => each.has(peer))?.definition.mixes_least ?? 1,
      })
      log.info({ mixnet: plan.mixnet, name: own.name }, 'started')
      const tell = teller(member, founding, log)
      const steps = again(async () => {
        const busy = await member.tick(Date.now())
        tell()
        return busy
      }, log)
      later(() => steps.end())
      if (options.port !== undefined) {
        const status = (): MemberStatus =>
          memberStatus({
            ...{ what, name: own.name, id: signer.id, plan, audit: member.audit, elections },
            fault: founding.fault,
            closes: ({ election, definition }) => definition.closes_at ?? closesAt(folder, election),
            ends: ({ election }) => wantsEnded(folder, election),
            prolongs: ({ election }) => prolongedUntil(folder, election),
          })
        const page = { folder, plan, id: signer.id, elections, status, lines }
        const served = await serveMemberPage(page, wholeNumber('port', options.port, 0, 65_535))
        later(() => served.close())
        later(tellPort(folder, served.port))
      }
      return { unready: () => (member.audit.isForked ? 'the Controller was found lying' : steps.fault) }
    }),
  )
}

/** Logs each finding once, and the fault of a key that cannot be made. */
function teller(member: Member, founding: Founding, log: Log): () => void {
  let told = 0
  let isFaultTold = false
  return () => {
    for (const { who, what } of member.audit.findings.slice(told)) log.error({ who }, `finding: ${what}`)
    told = member.audit.findings.length
    if (founding.fault === undefined || isFaultTold) return
    isFaultTold = true
    log.error({}, `the key cannot be made: ${founding.fault}`)
  }
}
