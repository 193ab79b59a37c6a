// The network now: its epoch and the authorities' phases, the nodes in their layers, and every process with what can be
// done to it.

import type { JSX } from 'preact'
import { Facts } from '../parts/facts.tsx'
import { count, decimal, duration, short } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { sayError } from '../parts/say.ts'
import { Table } from '../parts/table.tsx'
import { type Dot, Topology } from '../parts/topology.tsx'
import { act, type NetAct, type NetState, type ProcessNow, state, watched } from './state.ts'

export function NetworkView(): JSX.Element {
  const { network, processes } = state.value as NetState
  const texts = t().net
  if (network === undefined) return <p class="empty">{texts.starting}</p>
  const { epoch, epochLeftMs, signers, authorities, hash, counts, latency } = network
  const nodes = processes.filter(({ role }) => role === 'mix' || role === 'gateway')
  return (
    <>
      <h2>{texts.epochOf(count(epoch), duration(Math.max(1000, epochLeftMs)))}</h2>
      <Phases />
      <Facts
        of={[
          [
            texts.document,
            hash === undefined ? texts.none : texts.signed(short(hash, 12), signers, authorities),
          ],
          [
            texts.ofRun,
            texts.progress(count(counts.sent), count(counts.read), count(counts.replies), count(counts.of)),
          ],
          [
            texts.takes,
            latency === undefined
              ? texts.none
              : texts.median(decimal(latency.totalMs), decimal(latency.drawnMs)),
          ],
        ]}
      />
      <Topology dots={nodes.map(dotOf)} chosen={watched.value} onChoose={watch} />
      <Table
        caption={texts.nodes}
        head={[
          texts.process,
          texts.place,
          texts.state,
          texts.holds,
          texts.forwarded,
          texts.perSecond,
          texts.dropped,
          texts.hand,
        ]}
        rows={nodes.map(one => [
          ...common(one),
          count(one.held),
          count(one.forwarded),
          count(Math.round(one.perSecond)),
          count(one.dropped),
          <Acts key="acts" of={one} />,
        ])}
      />
      <Table
        caption={texts.others}
        head={[texts.process, texts.place, texts.state, texts.waiting, texts.hand]}
        rows={processes
          .filter(({ role }) => role !== 'mix' && role !== 'gateway')
          .map(one => [
            ...common(one),
            one.role === 'client' ? count(one.queued) : (phaseName(one.phase) ?? ''),
            <Acts key="acts" of={one} />,
          ])}
      />
    </>
  )
}

function watch(id: string): void {
  watched.value = id
  location.hash = '#seen'
}

function common({ name, role, layer, state }: ProcessNow): readonly (string | JSX.Element)[] {
  const texts = t().net
  const where = layer === undefined ? texts.roles[role] : t().network.layer(layer + 1)
  return [
    name,
    where,
    <span key="state" class={howOf(state)}>
      {texts.states[state]}
    </span>,
  ]
}

function howOf(state: ProcessNow['state']): Dot['how'] {
  return state === 'up' ? 'good' : state === 'dead' ? 'bad' : 'wait'
}

function dotOf({ name, role, layer, state, held }: ProcessNow): Dot {
  const label = `${name} ${count(held)}`
  return role === 'gateway'
    ? { id: name, role, layer: -1, how: howOf(state), label }
    : { id: name, role: 'mix', layer: layer ?? 0, how: howOf(state), label }
}

function phaseName(phase: string | undefined): string | undefined {
  return phase === undefined
    ? undefined
    : ((t().net.phases as Readonly<Record<string, string>>)[phase] ?? phase)
}

/** The epoch as a bar, divided where the authorities' phases end. */
function Phases(): JSX.Element | null {
  const network = (state.value as NetState).network
  if (network === undefined) return null
  const { epochMs, epochLeftMs, phases } = network
  const passed = Math.min(1, Math.max(0, 1 - epochLeftMs / epochMs))
  const ends = Object.entries(phases)
  const now = ends.find(([, end]) => passed < end)?.[0]
  const name = now === undefined ? t().net.isMade : (phaseName(now) ?? now)
  return (
    <figure class="phases">
      <svg viewBox="0 0 800 26" role="img" aria-label={t().net.phaseNow(name)}>
        <rect class="whole" x={0} y={4} width={800} height={18} />
        <rect class="passed" x={0} y={4} width={800 * passed} height={18} />
        {ends.map(([phase, end]) => (
          <line key={phase} x1={800 * end} x2={800 * end} y1={0} y2={26} />
        ))}
      </svg>
      <figcaption class="quiet">{t().net.phaseNow(name)}</figcaption>
    </figure>
  )
}

function Acts({ of: { name, state } }: { readonly of: ProcessNow }): JSX.Element {
  const texts = t().net.acts
  const possible: readonly NetAct[] =
    state === 'dead' ? ['start'] : state === 'stopped' ? ['resume', 'kill'] : ['stop', 'kill']
  return (
    <span class="row">
      {possible.map(what => (
        <button
          key={what}
          type="button"
          class={what === 'kill' ? 'danger' : 'quiet'}
          aria-label={`${texts[what]} ${name}`}
          onClick={() => void act(name, what).catch(sayError)}
        >
          {texts[what]}
        </button>
      ))}
    </span>
  )
}
