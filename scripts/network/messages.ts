// The messages that the clients of a local network write to each other: every kind of message that has ever been cut
// wrongly.

import { concat } from '../../encoding/bytes.ts'
import { below, pick, type Random } from '../../world/random.ts'

export interface PlannedMessage {
  readonly number: number
  readonly kind: string
  readonly from: string
  readonly to: string
  readonly bytes: Uint8Array
  readonly reply: Uint8Array
}

const scripts: readonly string[] = [
  'Grüße aus dem Wald: der Buchfink schlägt',
  'Зяблик поёт на рассвете',
  'ズアオアトリは朝に歌う',
  'الطائر يغني عند الفجر',
  'הפרוש שר עם שחר',
  'चैफ़िंच सुबह गाता है',
  'ο σπίνος κελαηδεί 🐦 την αυγή',
]

/**
 * Clients with even numbers write to clients with odd ones. The first message is the longest, so that it is under
 * way when processes are killed; the second is empty; the rest are short texts, texts in several scripts and
 * other lengths.
 *
 * @param longest bytes of the first message
 */
export function planMessages(
  random: Random,
  clients: readonly string[],
  count: number,
  longest: number,
): PlannedMessage[] {
  const senders = clients.filter((_, i) => i % 2 === 0)
  const receivers = clients.filter((_, i) => i % 2 === 1)
  return Array.from({ length: count }, (_, number) => {
    const { kind, bytes } = contentOf(random, number, longest)
    return {
      number,
      kind,
      from: senders[number % senders.length] as string,
      to: pick(random, receivers),
      bytes,
      reply: utf8(`reply to ${number}: ${pick(random, scripts)}`),
    }
  })
}

function contentOf(random: Random, number: number, longest: number): { kind: string; bytes: Uint8Array } {
  if (number === 0) return { kind: 'random bytes', bytes: random(longest) }
  if (number === 1) return { kind: 'empty', bytes: new Uint8Array(0) }
  const tag = `message ${number} `
  if (number % 3 === 0) return { kind: 'text in several scripts', bytes: utf8(`${tag}${scripts.join('\n')}`) }
  if (number % 3 === 1)
    return { kind: 'some bytes', bytes: concat([utf8(tag), random(1 + below(random, 6000))]) }
  return { kind: 'short text', bytes: utf8(`${tag}${pick(random, scripts)}`) }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
