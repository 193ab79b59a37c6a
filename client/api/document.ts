// The OpenAPI document of the HTTP API (docs/spec/client-http.md 15), put together from what the routes say of
// themselves.

import type { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import { version } from '../../world/version.ts'
import type { Env } from './access.ts'

/** A route as the document has it, as far as the page shows it. */
export interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Contents }
  readonly responses?: Readonly<
    Record<string, { readonly description: string; readonly content?: Contents } | undefined>
  >
}

type Contents = Readonly<Record<string, { readonly schema?: SchemaJson; readonly example?: unknown }>>

/** JSON Schema, as far as the page shows it. */
export interface SchemaJson {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaJson>>
  readonly required?: readonly string[]
  readonly items?: SchemaJson
  readonly anyOf?: readonly SchemaJson[]
  readonly oneOf?: readonly SchemaJson[]
  readonly allOf?: readonly SchemaJson[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly additionalProperties?: SchemaJson | boolean
}

export interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string; readonly description: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, SchemaJson>> }
}

const tags: readonly {
  readonly name: string
  readonly description: string
  readonly of: readonly string[]
}[] = [
  {
    name: 'messages',
    description: 'Send, follow, read, answer, and ask services',
    of: ['messages', 'requests', 'services'],
  },
  { name: 'bulletin', description: 'What everybody reads and nobody can tell who wrote', of: ['bulletin'] },
  { name: 'events', description: 'What happens, as it happens', of: ['events', 'socket'] },
  { name: 'payments', description: 'Pay and be paid', of: ['pay'] },
  { name: 'identities', description: 'Clients that nobody can link to each other', of: ['identities'] },
  { name: 'control', description: 'How the client is, and what its owner may change', of: [] },
]

function tagOf(path: string): string {
  const [, first = ''] = path.split('/')
  return tags.find(({ of }) => of.includes(first))?.name ?? 'control'
}

/** Makes the document. @param url where the API was asked */
export async function documentOf(app: Hono<Env>, url: string): Promise<Document> {
  const made = (await generateSpecs(app, {
    documentation: {
      openapi: '3.1.0',
      info: {
        title: 'Chaffinch client',
        version: version(),
        description:
          'The loopback interface of a client of a mixnet: docs/spec/client-http.md 15. Every request wants ' +
          '`Authorization: Bearer TOKEN`, with the token that lies in the client’s folder.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })) as unknown as Document
  const paths = Object.entries(made.paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, route]) => [method, { ...route, tags: [tagOf(path)] }]),
    ),
  ])
  return {
    ...made,
    servers: [{ url: new URL(url).origin, description: 'this client; its API is on loopback only' }],
    tags: tags.map(({ name, description }) => ({ name, description })),
    paths: Object.fromEntries(paths),
  }
}
