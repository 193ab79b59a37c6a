// chaffinch demo: stories that show how payments hide.

import { sealedValues } from '../../client/folder/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { demoDcnet, type PaymixDemo, runPaymix } from '../../payment/anonymity/index.ts'
import { below, seededRandom, systemRandom } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { columns } from '../columns.ts'

const hint = 'chaffinch demo --help'

export interface DemoOptions {
  readonly seed?: string
  readonly json?: true
}

export function dcnet({ seed }: DemoOptions): undefined {
  process.stdout.write(demoDcnet(seededRandom(seedIn(seed))))
}

export async function paymix({ seed: given, json }: DemoOptions): Promise<undefined> {
  const seed = seedIn(given)
  const demo = await runPaymix(seed, () => memoryStore(sealedValues(systemRandom(32), systemRandom)))
  console.log(json === true ? JSON.stringify({ seed, ...demo }) : story(demo, seed))
}

function seedIn(text: string | undefined): number {
  const seed = text === undefined ? below(systemRandom, 2 ** 32) : Number(text)
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new CommandError('USAGE', 'demo: --seed: want a number', hint)
  return seed
}

function story(demo: PaymixDemo, seed: number): string {
  const { senders, receivers, amount, pieces } = demo
  const { guesses, topOne, expected, chance } = demo.observer
  return [
    `${senders.join(', ')} each pay ${amount}, to ${receivers.join(', ')}. Seed ${seed}.`,
    `Each payment is cut into ${pieces.join(' + ')}. Every piece goes through a join of its own epoch (Mixer:In), waits`,
    'for a while that is drawn anew, and is paid out to a key that is used once (Mixer:Out).',
    '',
    'The public ledger',
    '',
    ...columns(['minute', 'what', 'each', 'notes spent', 'notes made'], demo.public.map(publicRow)),
    '',
    "The senders' temporal ledgers, which lie sealed on their disks",
    '',
    ...columns(
      ['sender', 'receiver', 'piece', 'epoch', 'minute paid', 'state', 'as note'],
      demo.owners.map(ownerRow),
    ),
    '',
    'What an observer makes of it who knows every transaction, the senders, and who held the notes at first',
    '',
    ...columns(
      ['note', 'piece', 'its guess', 'probability', 'effective set', 'in truth'],
      guesses.map(guessRow),
    ),
    '',
    `The observer named the sender of ${percent(topOne)} of the payouts; it could expect ${percent(expected)}, and by chance`,
    `${percent(chance)}. Without mixing it names all of them. More peers at a meeting, and more joins, hide better.`,
    'Each receiver can prove from the ledger whether it was paid, and its receipt lies with the two sides only.',
  ].join('\n')
}

function publicRow({
  minutes,
  what,
  denomination,
  from,
  to,
}: PaymixDemo['public'][number]): (string | number)[] {
  return [minutes, what, denomination, few(from), few(to)]
}

function ownerRow(line: PaymixDemo['owners'][number]): (string | number)[] {
  const { sender, receiver, denomination, epoch, paidAt, state, note } = line
  return [sender, receiver, denomination, epoch, paidAt ?? '-', state, note]
}

function guessRow(guess: PaymixDemo['observer']['guesses'][number]): (string | number)[] {
  const { note, denomination, guessed, probability, effectiveSet, sender } = guess
  return [note, denomination, guessed.join(' or '), percent(probability), effectiveSet.toFixed(1), sender]
}

function few(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(' ') : `${ids.slice(0, 2).join(' ')} and ${ids.length - 2} more`
}

function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`
}
