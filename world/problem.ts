// The way in which an HTTP interface says no (RFC 9457).

/** An `application/problem+json` whose `code`, an extension member, says what a program can do about it. */
export function problem(
  status: number,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const title = code.toLowerCase().replaceAll('_', ' ')
  return new Response(JSON.stringify({ title, status, code, detail }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}

/** For a path, or a method, that no route has. */
export function noSuchPath(): Response {
  return problem(404, 'NOT_FOUND', 'nothing is at this path for this method')
}
