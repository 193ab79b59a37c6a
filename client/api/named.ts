// Names for schemas: under them they stand in the OpenAPI document, and in the clients that are made from it.

import * as v from 'valibot'

/** Gives a schema a name of its own among those of the document. */
export function named<S extends v.GenericSchema>(ref: string, schema: S): S {
  return v.pipe(schema, v.metadata({ ref })) as unknown as S
}
