// A mix-net's Controller as a server: opens its storage, and answers over HTTP until it is closed.

import type { Hono } from 'hono'
import type { Group } from '../../shuffle/index.ts'
import type { Clock } from '../../world/clock.ts'
import { type Loopback, serveLoopback } from '../../world/http.ts'
import { blobBytesAtMost, Controller } from '../controller.ts'
import type { Head } from '../log.ts'
import { documentOf } from './describe.ts'
import { mixnetRoutes } from './routes.ts'
import { openStorage } from './storage.ts'

/** Says what is served, and where. */
export interface ServeOptions {
  /** 1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore: it stands in every path. */
  readonly mixnet: string
  readonly group: Group
  /** 32 bytes, secret: the log's key. */
  readonly seed: Uint8Array
  /** An SQLite file, or `postgres://…`. */
  readonly storage: string
  /** 0 takes a free one. */
  readonly port: number
  /** Default: 127.0.0.1. Others are for a server that strangers reach. */
  readonly address?: string | undefined
  readonly clock: Clock
  /** A head that was signed before: a storage that does not go on from there is refused. */
  readonly signed?: Head | undefined
  /** Adds routes beside the mix-net's: for what is built on it. */
  readonly routes?: ((app: Hono, controller: Controller) => void) | undefined
  /** Paths among these to which pages of elsewhere may lead people. Default: none. */
  readonly linked?: readonly string[]
}

/** A Controller that answers. */
export interface Served extends AsyncDisposable {
  readonly controller: Controller
  /** Where the mix-net is: http://ADDRESS:PORT/MIXNET. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** Matches the name of a mix-net that is served. */
export const mixnetName: RegExp = /^[A-Za-z0-9._-]{1,64}$/
const connections = 1000

/**
 * Serves a mix-net.
 *
 * @throws ListenError, CascadeError for a storage that was changed, and what the storage throws
 */
export async function serveController(options: ServeOptions): Promise<Served> {
  const { mixnet, group, seed, clock, port, address, routes, signed, linked = [] } = options
  if (!mixnetName.test(mixnet)) throw new RangeError(`mix-net ${mixnet}: want 1 to 64 of A-Z a-z 0-9 . _ -`)
  const journal = await openStorage(options.storage)
  const ending = new AbortController()
  let loopback: Loopback
  let controller: Controller
  try {
    controller = await Controller.open({ mixnet, group, journal, seed, signed })
    loopback = await serveLoopback({
      port,
      address,
      admits: () => true,
      maxBodyBytes: blobBytesAtMost,
      connections,
      clock,
      linked,
      isBehindTls: true,
      routes: app => {
        const own = mixnetRoutes({ controller, clock, closing: ending.signal })
        own.get('/openapi.json', async context =>
          context.json(await documentOf(own, mixnet, new URL('.', context.req.url).href)),
        )
        app.get('/healthz', context => context.text('ok\n', 200))
        app.route(`/${mixnet}`, own)
        routes?.(app, controller)
      },
    })
  } catch (error) {
    await journal.close()
    throw error
  }
  const close = async (): Promise<void> => {
    ending.abort()
    await loopback.close()
    await controller.written()
    await journal.close()
  }
  return {
    controller,
    url: `${loopback.url}/${mixnet}`,
    port: loopback.port,
    close,
    [Symbol.asyncDispose]: close,
  }
}
