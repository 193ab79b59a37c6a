// A node's directory (docs/spec/directory-nodes.md 5.3 to 5.6, docs/spec/directory-travel.md 10): it follows the
// consensus, asks to be let in, uploads its descriptor to every authority each epoch, and serves the documents it holds
// to whoever asks.

import { guardedClock } from '../../world/timers.ts'
import { nonceBytes, presenceBytes, presenceProtocol } from '../documents/joining.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError, type DirectoryErrorCode } from '../error.ts'
import { type FollowedDirectory, Follower } from '../follow/follow.ts'
import { Publisher } from '../follow/publish.ts'
import { serveDocuments } from '../follow/serve.ts'
import type { JoinOptions } from './description.ts'
import { Reporter } from './report.ts'
import { Uploader } from './upload.ts'

/** A node's directory, which also says that the node leaves. */
export interface JoinedDirectory extends FollowedDirectory {
  /**
   * Tells every authority that the node leaves, and uploads nothing more. It stays in the documents that were voted
   * on before.
   *
   * @returns by the hex of each authority: whether it knows now
   */
  leave(): Promise<ReadonlyMap<string, boolean>>
  /** Authorities that keep this node out, by the hex of their ids, and why. */
  refusals(): ReadonlyMap<string, { readonly code: DirectoryErrorCode; readonly why: string }>
}

/**
 * Has a node in the documents of its network from epoch to epoch, until `close`: describes it, answers who looks for
 * it, and follows the documents.
 *
 * @throws DirectoryError BAD_NETWORK
 */
export async function joinDirectory(options: JoinOptions): Promise<JoinedDirectory> {
  return joinWith({ ...options, clock: guardedClock(options.clock, options.log, 'directory') })
}

/** @param options with a clock that is guarded */
async function joinWith(options: JoinOptions): Promise<JoinedDirectory> {
  const { link, clock, network, sign } = options
  const follower = new Follower(options, 'node')
  const hear = (pointer: Uint8Array): void => follower.hear(pointer)
  serveDocuments(link, follower.documents, follower.notes, () => clock.now(), hear)
  link.serve(presenceProtocol, nonceBytes, async (from, nonce) => {
    if (nonce.length !== nonceBytes) throw new DirectoryError('BAD_DOCUMENT', 'presence: want 32 bytes')
    return sign(presenceBytes(network.name, from, nonce))
  })
  await follower.start()
  const spoken = { ...options, clock: options.time?.clock ?? clock }
  const publisher = new Publisher(spoken, false)
  const unpublish = follower.onView(({ epoch }) => {
    const held = follower.documents.usable(epoch)
    if (held !== undefined) publisher.document(held)
  })
  const uploader = new Uploader(spoken, follower, publisher)
  const { counts } = options
  const view = (): View | undefined => follower.current()
  const reporter =
    counts === undefined
      ? undefined
      : new Reporter({
          ...spoken,
          authorities: () => follower.documents.succession.newest.authorities,
          view,
          counts,
        })
  const close = follower.close.bind(follower)
  return Object.assign(follower, {
    leave: () => uploader.leave(),
    refusals: () => uploader.refusals,
    close: async () => {
      unpublish()
      publisher.close()
      uploader.close()
      reporter?.close()
      await close()
    },
  })
}
