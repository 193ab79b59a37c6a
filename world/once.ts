// What is made of an object that never changes is made once, and goes with the object.

/**
 * Remembers what `make` makes of each object for as long as the object lives. For objects that never change, such as
 * the entries of a document.
 */
export function once<K extends object, V>(make: (of: K) => V): (of: K) => V {
  const made = new WeakMap<K, { readonly value: V }>()
  return of => {
    let known = made.get(of)
    if (known === undefined) {
      known = { value: make(of) }
      made.set(of, known)
    }
    return known.value
  }
}
