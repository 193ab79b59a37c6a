// A ledger's service as its operator sees it: what it was asked, what it refused, and what it holds. Questions come
// through the mixnet: nobody here knows who asks.

import { Registry } from 'prom-client'
import { answerProof, answerQuestion, type EmbeddedLedger } from '../payment/ledger/index.ts'
import type { Loopback } from '../world/http.ts'
import { byLabel, metricsOf } from '../world/metrics.ts'
import { processMetrics } from '../world/process-metrics.ts'
import { countHost } from '../world/resources.ts'
import { serveStatusPort } from '../world/status-port.ts'
import { version } from '../world/version.ts'

/** Tells how a ledger's service is. */
export interface LedgerStatus {
  readonly role: 'ledger'
  readonly name: string
  readonly entries: number
  /** Questions since the start, those that it refused by code. */
  readonly answered: number
  readonly refused: Readonly<Record<string, number>>
}

/** Answers questions and counts them. */
export class LedgerDesk {
  readonly #ledger: EmbeddedLedger
  readonly #name: string
  readonly #refused: Record<string, number> = {}
  readonly #bytes = { bytesIn: 0, bytesOut: 0 }
  #answered = 0

  constructor(ledger: EmbeddedLedger, name: string) {
    this.#ledger = ledger
    this.#name = name
  }

  /** Answers one; what it cannot do, it says. */
  async answer(question: Uint8Array): Promise<Uint8Array> {
    const refused = (code: string): void => {
      this.#refused[code] = (this.#refused[code] ?? 0) + 1
    }
    this.#bytes.bytesIn += question.length
    const answer =
      answerProof(this.#ledger, question) ?? (await answerQuestion(this.#ledger, question, refused))
    this.#answered++
    this.#bytes.bytesOut += answer.length
    return answer
  }

  status(): LedgerStatus {
    return {
      role: 'ledger',
      name: this.#name,
      entries: this.#ledger.head.size,
      answered: this.#answered,
      refused: { ...this.#refused },
    }
  }

  /** Counts the bytes of questions and answers among those of the process, until what it returns is called. */
  counted(): () => void {
    return countHost(() => ({ listeners: 0, pendingDials: 0, refusals: {}, crowded: {}, ...this.#bytes }))
  }
}

/** Reads a ledger's numbers for Prometheus. */
export function ledgerMetrics(status: () => LedgerStatus): Registry {
  const registry = new Registry()
  const { counter, counts, gauge } = metricsOf(registry, status)
  gauge('chaffinch_ledger_entries', 'Entries of the log', s => s.entries)
  counter(
    'chaffinch_answered_questions_total',
    'Questions answered, those that were refused too',
    s => s.answered,
  )
  counts('chaffinch_refused_questions_total', 'Questions refused, by code', ['code'], s => byLabel(s.refused))
  return registry
}

/** Serves a ledger's status and metrics on loopback. @throws ListenError */
export function serveLedgerStatus(
  desk: LedgerDesk,
  { port, token }: { readonly port: number; readonly token: string },
): Promise<Loopback> {
  const metrics = ledgerMetrics(() => desk.status())
  processMetrics(metrics, version())
  return serveStatusPort({
    port,
    token,
    version: version(),
    status: () => desk.status(),
    metrics,
    ready: () => true,
  })
}
