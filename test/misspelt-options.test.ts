// Options of the library's functions that are misspelt, as JavaScript lets one write them: each is refused with the
// name that may have been meant. Those of a client are in test/client-options.test.ts.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RemoteClient, RemoteError } from '../client/remote/index.ts'
import { forecast, PaymentError, Payments, paymentApi, usualTimes } from '../payment/index.ts'
import { localNetwork } from '../simulator/local.ts'
import { failureOf } from './refusals.ts'

test('localNetwork', async () => {
  const error = await failureOf(RangeError, () => localNetwork({ mixs: 3 } as object))
  assert.match(error.message, /^localNetwork: .*'mixs'.* did you mean 'mixes'\?$/)
  assert.match((await failureOf(RangeError, () => localNetwork(null as never))).message, 'want an object')
})

test('payments', async () => {
  const says = async (run: () => unknown): Promise<string> => {
    const { code, message } = await failureOf(PaymentError, run)
    return `${code} ${message}`
  }
  assert.is(
    await says(() => Payments.open({ client: {}, publiclog: {} } as never)),
    "BAD_OPTION Payments.open: unknown option 'publiclog', did you mean 'publicLog'?",
  )
  assert.match(
    await says(() => Payments.open({ ledger: { genesis: {}, adress: '' } } as never)),
    /Payments.open: ledger: unknown option 'adress', did you mean 'address'\?/,
  )
  assert.match(await says(() => paymentApi({ app: new Set() } as never)), /did you mean 'apps'\?/)
  const wanted = { amount: 80, peers: 8, colluding: 2, times: usualTimes, joinFee: 0, now: 0 }
  assert.match(await says(() => forecast({ ...wanted, coluding: 1 } as never)), /did you mean 'colluding'\?/)
  assert.is(forecast(wanted).amount, 80, 'the control: nothing is misspelt')
})

test('a client in another process: where it is, what is asked, and what stands behind a cursor', async () => {
  const url = 'http://127.0.0.1:1'
  const says = async (run: () => unknown): Promise<string> => {
    const { code, detail } = await failureOf(RemoteError, run)
    return `${code} ${detail}`
  }
  assert.is(
    await says(() => new RemoteClient({ url, tokn: '' } as never)),
    "BAD_OPTION RemoteClient: unknown option 'tokn', did you mean 'token'?",
  )
  const client = new RemoteClient({ url, token: '' })
  assert.match(await says(() => client.status({ timeout: 3 } as object)), /did you mean 'timeoutMs'\?/)
  assert.match(await says(() => client.messages({ wait: 3 } as object)), /did you mean 'waitMs'\?/)
  assert.match(await says(() => client.entries('open', { afer: 3 } as object)), /did you mean 'after'\?/)
  assert.match(await says(() => client.request('echo', 'x', { too: 'y' } as object)), /did you mean 'to'\?/)
  assert.match(await says(() => client.status({ timeoutMs: 1000 })), /^UNREACHABLE /)
})

test.run()
