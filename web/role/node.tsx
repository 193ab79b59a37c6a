// How a mix or gateway is: its standing, loops and alarm, keys, disk, mailboxes, and its neighbours as counts.

import type { JSX } from 'preact'
import { Facts } from '../parts/facts.tsx'
import { count, fromNow, percent, short, size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { Table } from '../parts/table.tsx'
import { Clock, commonFacts, Late } from './common.tsx'
import { type NodeStatus, sum } from './status.ts'

export function NodeView({ status }: { readonly status: NodeStatus }): JSX.Element {
  const { alarm, loops, disk, mail, neighbours, refusals, standing, packets, replay, keys, peeling, shut } =
    status
  const texts = t().operator
  const stands = !status.listed
    ? texts.unlisted
    : standing?.running !== true
      ? texts.notRunning
      : standing.reliable
        ? texts.reliable
        : texts.unreliable
  return (
    <>
      <h2>{texts.how}</h2>
      {status.state !== 'running' && <p class="warning">{texts.ends}</p>}
      <Clock errorMs={status.clockErrorMs} />
      <Late directory={status.directory} />
      {alarm.raised && <p class="warning">{texts.alarm(alarm.since === null ? '' : fromNow(alarm.since))}</p>}
      {disk.failing.length > 0 && <p class="warning">{texts.diskFails(disk.failing.join(', '))}</p>}
      <Facts
        of={[
          [texts.standing, stands],
          [texts.place, status.layer < 0 ? texts.roles.gateway : texts.layer(status.layer + 1)],
          ...commonFacts(status),
          [texts.held, count(packets.held)],
          [
            texts.loops,
            texts.loopsOf(count(loops.returned), count(loops.sent)),
            texts.usual(percent(alarm.usualLoss)),
          ],
          [texts.alarms, count(alarm.count)],
          [texts.keys, keys.epochs.join(', '), texts.keysHint],
          [texts.tags, count(replay.tags)],
          [texts.peeling, count(peeling.waiting), texts.heldBack(count(peeling.heldBack))],
          [texts.shut, count(shut.nodes.length), texts.shutTimes(count(shut.times))],
          [texts.disk, texts.diskRefused(count(disk.refusals))],
        ]}
      />
      {mail !== null && (
        <Facts
          of={[
            [
              texts.clients,
              mail.load === null
                ? count(mail.clients)
                : texts.clientsOf(count(mail.clients), count(mail.load.capacity)),
              texts.turnedAway(count(mail.turnedAway)),
            ],
            [texts.mailboxes, count(mail.mailboxes)],
            [texts.entries, count(mail.entries), size(mail.bytes)],
          ]}
        />
      )}
      {refusals.length > 0 && (
        <Table
          caption={texts.keptOut}
          head={[texts.authority, texts.code, texts.why]}
          rows={refusals.map(({ authority, code, why }) => [short(authority), code, why])}
        />
      )}
      <Table
        caption={texts.neighbours}
        head={[texts.node, texts.state, texts.queued, texts.sent, texts.dropped]}
        rows={neighbours.map(({ id, state, queued, sent, dropped }) => [
          short(id),
          texts.states[state],
          count(queued),
          count(sent),
          count(sum(dropped)),
        ])}
      />
    </>
  )
}
