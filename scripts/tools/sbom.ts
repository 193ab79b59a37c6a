// The list of a release's parts (SBOM, CycloneDX): what npm installs with the package, and what is packed into its
// command line. npm knows the latter as packages for development.

export interface Sbom {
  readonly components?: readonly Component[]
  readonly dependencies?: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
}

interface Component {
  readonly name: string
  readonly version?: string
  readonly 'bom-ref': string
  readonly properties?: readonly { readonly name: string; readonly value: string }[]
}

/**
 * Leaves out what only developers have.
 *
 * @param all of `npm sbom`, development too
 * @param notices of what was packed: a line `NAME VERSION (LICENCE)` each
 */
export function partsOf<T extends Sbom>(all: T, notices: string): T {
  const packed = new Set([...notices.matchAll(/^(\S+ \S+) \(.+\)$/gm)].map(([, name]) => name))
  const isPart = ({ name, version, properties = [] }: Component): boolean =>
    packed.has(`${name} ${version}`) ||
    !properties.some(property => property.name === 'cdx:npm:package:development' && property.value === 'true')
  const { components = [], dependencies = [] } = all
  const left = new Set(components.filter(each => !isPart(each)).map(each => each['bom-ref']))
  return {
    ...all,
    components: components.filter(each => !left.has(each['bom-ref'])),
    dependencies: dependencies
      .filter(({ ref }) => !left.has(ref))
      .map(({ dependsOn = [], ...of }) => ({ ...of, dependsOn: dependsOn.filter(ref => !left.has(ref)) })),
  }
}
