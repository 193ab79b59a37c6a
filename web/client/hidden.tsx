// What is hidden now, and what it costs.

import type { JSX } from 'preact'
import type { CoverLevel, RemoteStatus } from '../../client/remote/index.ts'
import { Chart } from '../parts/chart.tsx'
import { Facts } from '../parts/facts.tsx'
import { count, size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { say, sayError } from '../parts/say.ts'
import { daemon } from './daemon.ts'

export function HiddenView(): JSX.Element {
  const { status: known, history, client } = daemon.value
  const status = known.value
  const texts = t().hidden
  if (status === undefined) return <p class="empty">{t().state.loading}</p>
  const { cover, entry, loops, packets } = status
  const choose = async (level: CoverLevel): Promise<void> => {
    try {
      await client.setCover(level)
      await daemon.value.readStatus()
      say(texts.chosen(texts.levels[level].name))
    } catch (error) {
      sayError(error)
    }
  }
  return (
    <>
      <h2>{texts.title}</h2>
      <p>{texts.now[status.ready ? cover.level : 'away']}</p>
      <fieldset>
        <legend>{texts.level}</legend>
        {cover.costs.map(({ level, upBytesPerDay, downBytesPerDay }) => (
          <label key={level} class="choice">
            <input
              type="radio"
              name="cover"
              checked={level === cover.level}
              onChange={() => void choose(level)}
            />
            <span>
              <strong>{texts.levels[level].name}</strong>{' '}
              {texts.perDay(size(upBytesPerDay), size(downBytesPerDay))}
              <span class="quiet"> {texts.levels[level].hides}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <p class="quiet">{texts.changeShows}</p>
      <Facts
        of={[
          [texts.among, amongWhom(status.anonymity?.users), texts.amongHint],
          ...strengthOf(status.anonymity),
          [texts.entry, texts.separation[entry.separation]],
          [texts.loops, texts.loopsOf(count(loops.returned), count(loops.sent)), texts.loopsHint],
          [texts.packets, texts.packetsOf(count(packets.payload), count(packets.loop + packets.drop))],
        ]}
      />
      <Chart
        title={texts.rates}
        rates={history.rates.value}
        lines={[
          { name: 'payload', label: texts.payload },
          { name: 'loop', label: texts.loop },
          { name: 'drop', label: texts.drop },
        ]}
      />
    </>
  )
}

type Anonymity = NonNullable<RemoteStatus['anonymity']>

/** Says how many the gateways counted; where they publish nothing, how many they say that they can carry. */
function amongWhom(users: Anonymity['users'] | undefined): string {
  if (users?.from === 'counts') {
    const [value, low, high] = [users.value ?? users.low, users.low, users.high ?? users.low].map(Math.round)
    return t().hidden.setCounted(count(value as number), count(low as number), count(high as number))
  }
  const gateways = daemon.value.consensus.value?.nodes.filter(({ role }) => role === 'gateway') ?? []
  const carried = gateways.reduce((sum, { capacity }) => sum + (capacity === 0 ? 0 : 2 ** (capacity - 1)), 0)
  return carried === 0 ? t().hidden.unknownSet : t().hidden.setOf(count(carried), count(gateways.length))
}

/** Says how well one message hides: by packets that would hide it as well if all were as likely. */
function strengthOf(anonymity: Anonymity | null): [string, string, string][] {
  if (anonymity === null) return []
  const texts = t().hidden
  const { bits, lowBits } = anonymity
  const packets = (of: number): string => count(Math.max(1, Math.round(2 ** of)))
  const says =
    bits.value === null || lowBits.value === null
      ? texts.strengthAtLeast(packets(bits.low))
      : texts.strengthOf(packets(bits.value), packets(lowBits.value))
  return [[texts.strength, says, texts.strengthHint]]
}
