// The OpenAPI document as a page to read: one file, no script, nothing loaded from anywhere.

import { createHash } from 'node:crypto'
import type { Hono } from 'hono'
import type { Env } from './access.ts'
import { type Document, documentOf, type Operation, type SchemaJson } from './document.ts'

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; color: #222; background: #fff; overflow-wrap: anywhere }
h1 { margin-bottom: 0 } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc } h3 { margin: 1.6rem 0 .3rem; font: 600 1rem ui-monospace, monospace }
code, pre { font: .9em ui-monospace, monospace } pre { background: #f4f4f4; padding: .7rem; overflow-x: auto }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #eee }
.method { display: inline-block; min-width: 4.2rem; text-transform: uppercase; color: #06c } .quiet { color: #666 } a { color: #06c }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #161616 } pre { background: #222 } td, th { border-color: #333 } .quiet { color: #999 } a, .method { color: #6af } }
`

/** Lets the page have its own style, and nothing else of anybody's. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** Adds `/openapi.json`, and `/docs` to read it on. */
export function serveDocument(app: Hono<Env>): void {
  app.get('/openapi.json', async context => context.json(await documentOf(app, context.req.url)))
  app.get(docsPath, async context => {
    const page = docsPage(await documentOf(app, context.req.url))
    return context.body(page, 200, pageHeaders)
  })
}

/** Needs no token: a browser cannot send one, and nothing of this client stands there. */
export const docsPath = '/docs'

/** Writes the page. */
export function docsPage({ info, servers, tags, paths, components }: Document): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => ({ path, method, route })),
  )
  const parts = tags
    .map(tag => ({ ...tag, routes: routes.filter(({ route }) => route.tags?.includes(tag.name) === true) }))
    .filter(part => part.routes.length > 0)
  const schemas = Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1))
  const contents = [...parts.map(({ name }) => name), 'schemas'].map(name => `<a href="#${name}">${name}</a>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(info.title)}</title><style>${style}</style></head>
<body><h1>${text(info.title)}</h1><p class="quiet">version ${text(info.version)} at ${servers.map(({ url }) => code(url)).join(', ')}; the same for programs: ${code('GET /openapi.json')}</p>
<p>${prose(info.description)}</p><pre>curl -H "Authorization: Bearer $(cat FOLDER/token)" ${text(servers[0]?.url ?? '')}/status</pre><p>${contents.join(' · ')}</p>
${parts.map(part => `<h2 id="${part.name}">${part.name}</h2><p>${prose(part.description)}</p>${part.routes.map(routeText).join('')}`).join('\n')}
<h2 id="schemas">schemas</h2>${schemas.map(([name, schema]) => `<h3 id="schema-${name}">${text(name)}</h3>${schemaText(schema)}`).join('\n')}
</body></html>
`
}

function routeText({ path, method, route }: { path: string; method: string; route: Operation }): string {
  const { summary = '', description, parameters = [], requestBody, responses = {} } = route
  const asked = parameters.map(
    ({ name, in: place, required }) =>
      `<tr><td>${code(name)}</td><td>${place}${required === true ? '' : ', optional'}</td></tr>`,
  )
  const bodies = Object.entries(requestBody?.content ?? {})
  const taken = bodies.map(
    ([type, { schema }]) =>
      `<tr><td>body</td><td>${schemaName(schema)} <span class="quiet">${text(type)}</span></td></tr>`,
  )
  const examples = bodies.flatMap(([, { example }]) =>
    example === undefined ? [] : [`<pre>${text(JSON.stringify(example, undefined, 2))}</pre>`],
  )
  const given = Object.entries(responses).map(([status, answer]) => {
    const schemas = Object.values(answer?.content ?? {}).map(({ schema }) => schemaName(schema))
    return `<tr><td>${code(status)}</td><td>${prose(answer?.description ?? '')} ${schemas.join(', ')}</td></tr>`
  })
  return `<h3 id="${text(route.operationId ?? '')}"><span class="method">${text(method)}</span> ${text(path)}</h3><p>${prose(summary)}${description === undefined ? '' : `. ${prose(description)}`}</p>
<table>${[...asked, ...taken].join('')}</table>${examples.join('')}<table>${given.join('')}</table>`
}

function schemaText(schema: SchemaJson): string {
  if (schema.properties === undefined) return `<p>${schemaName(schema)}</p>`
  const rows = Object.entries(schema.properties).map(([name, of]) => {
    const optional = schema.required?.includes(name) === true ? '' : ' <span class="quiet">optional</span>'
    return `<tr><td>${code(name)}${optional}</td><td>${schemaName(of)}</td></tr>`
  })
  return `<table>${rows.join('')}</table>`
}

function schemaName(schema: SchemaJson | undefined): string {
  if (schema === undefined) return ''
  if (schema.$ref !== undefined) {
    const name = text(schema.$ref.split('/').at(-1) ?? '')
    return `<a href="#schema-${name}">${name}</a>`
  }
  if (schema.const !== undefined) return code(JSON.stringify(schema.const))
  if (schema.enum !== undefined) return schema.enum.map(value => code(JSON.stringify(value))).join(' or ')
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) return either.map(schemaName).join(' or ')
  if (schema.allOf !== undefined) return schema.allOf.map(schemaName).join(' and ')
  if (schema.items !== undefined) return `list of ${schemaName(schema.items)}`
  if (schema.properties !== undefined) return schemaText(schema)
  if (typeof schema.additionalProperties === 'object')
    return `by name: ${schemaName(schema.additionalProperties)}`
  return text([schema.type ?? 'anything'].flat().join(' or '))
}

function code(words: string): string {
  return `<code>${text(words)}</code>`
}

/** Words between backquotes are code. */
function prose(words: string): string {
  return text(words).replaceAll(/`([^`]*)`/g, '<code>$1</code>')
}

function text(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
