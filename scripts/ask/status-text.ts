// A role's /status as a person wants to read it: what it is, what the network says, what it carries, what is wrong.

import type { CoverCost } from '../../client/index.ts'
import { formatDuration } from '../../encoding/duration.ts'
import { isSilent } from '../../roles/silence.ts'
import type { Status } from '../../simulator/processes/index.ts'
import { second } from '../../world/units.ts'
import { columns } from '../columns.ts'

/** The status that each role gives, and what the process adds. */
export type AnyStatus = Status & { readonly version?: string; readonly upSeconds?: number }

type Row = readonly [what: string, says: string]

/** @param authorities of the network */
export function statusLines(status: AnyStatus, authorities: number, now: number): string[] {
  const rows = [
    ...processRows(status),
    ['consensus', consensusOf(status, authorities, now)] as const,
    ...(status.role === 'authority'
      ? authorityRows(status, now)
      : status.role === 'client'
        ? clientRows(status)
        : status.role === 'member'
          ? memberRows(status)
          : nodeRows(status)),
  ]
  return columns(['', ''], rows).slice(1)
}

function processRows({ role, version, upSeconds, ...status }: AnyStatus): Row[] {
  const name = 'id' in status ? `${role} ${status.id}` : role
  const up = upSeconds === undefined ? '' : `, up ${formatDuration(upSeconds * second)}`
  return [['role', `${name}${version === undefined ? '' : `, chaffinch ${version}`}${up}`]]
}

function consensusOf({ consensus, epoch }: AnyStatus, authorities: number, now: number): string {
  if (consensus === null) return `none yet, in epoch ${epoch}`
  const { signers, validUntil } = consensus
  const left = formatDuration(Math.max(0, Math.round((validUntil - now) / second)) * second)
  return `of epoch ${consensus.epoch} in epoch ${epoch}, signed by ${signers.length} of ${authorities}, over in ${left}`
}

function authorityRows(status: AnyStatus & { readonly role: 'authority' }, now: number): Row[] {
  const others = status.authorities.map(({ id, seen }): Row => {
    const since = seen === null ? 'never seen' : `seen ${new Date(seen).toISOString()}`
    return ['authority', `${id.slice(0, 16)} ${since}${isSilent(seen, now) ? ': SILENT' : ''}`]
  })
  return [['round', status.state], ['nodes', String(status.nodes)], ...others]
}

function nodeRows(status: AnyStatus & { readonly role: 'mix' | 'gateway' }): Row[] {
  const { packets, standing, layer, refusals, disk, alarm, mail, listed } = status
  const place = status.role === 'mix' && layer >= 0 ? `layer ${layer}, ` : ''
  const judged = standing === null ? [] : Object.entries(standing).filter(([, holds]) => !holds)
  const dropped = Object.entries(packets.dropped).map(([reason, count]) => `${reason} ${count}`)
  return [
    ['standing', listed ? `${place}listed${judged.map(([what]) => `, not ${what}`).join('')}` : 'not listed'],
    ['packets', `${packets.received} received, ${packets.forwarded} forwarded, ${packets.held} held`],
    ['dropped', dropped.length === 0 ? 'none' : dropped.join(', ')],
    ...(mail === null ? [] : [['mail', `${mail.mailboxes} mailboxes, ${mail.clients} clients`] as const]),
    ...refusals.map(
      ({ authority, code, why }): Row => [
        'refused',
        `by authority ${authority.slice(0, 16)}: ${why} (${code})`,
      ],
    ),
    ...(disk.failing.length === 0
      ? []
      : [['disk', `CANNOT BE WRITTEN: ${disk.failing.join(', ')}`] as const]),
    ...(alarm.raised ? [['alarm', 'n-1: loops do not come back'] as const] : []),
  ]
}

function memberRows(status: AnyStatus & { readonly role: 'member' }): Row[] {
  const { listed, members, paths, forwarded, submitted, asked } = status
  const came = Object.entries(asked).filter(([, count]) => count > 0)
  return [
    ['standing', listed ? `listed, in a crowd of ${members}` : 'not listed'],
    ['of others', `${paths} paths, ${forwarded} requests handed on, ${submitted} carried out`],
    ['own', came.length === 0 ? 'nothing asked' : came.map(([end, count]) => `${end} ${count}`).join(', ')],
  ]
}

function clientRows(status: AnyStatus & { readonly role: 'client' }): Row[] {
  const { ready, gateway, messages, queue, cover, address } = status
  const cost = cover.costs.find(({ level }) => level === cover.level)
  return [
    ['ready', ready ? `yes, through gateway ${gateway?.slice(0, 16)}` : 'not yet'],
    ['messages', `${queue} under way, ${messages.stored} stored, ${messages.received} received`],
    ['cover', cost === undefined ? cover.level : `${cover.level}, ${bandwidth(cost)}`],
    ['address', address === '' ? 'none before the first consensus' : address],
  ]
}

function bandwidth({ upBytesPerDay, downBytesPerDay }: CoverCost): string {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
  return `${gigabytes(upBytesPerDay)} up and ${gigabytes(downBytesPerDay)} down a day`
}
