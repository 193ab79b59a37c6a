// A classifier for the statistical attacks: gradient-boosted trees of depth two over binned features (Friedman 2001,
// with second-order gains as in Chen and Guestrin 2016, section 2.2). Deterministic. Ours because the forests that npm
// has did not find a shift of 0.3 standard units in one of ten features that this one finds.

export interface Sample {
  readonly features: readonly number[]
  readonly positive: boolean
}

/** Says how sure it is that a sample is positive: any order-preserving number. */
export type Score = (features: readonly number[]) => number

const bins = 32
const rounds = 150
const learningRate = 0.08
/** L2 on a leaf's weight, and the least weight of the samples in one: small leaves learn noise. */
const ridge = 2
const leastWeight = 6

interface Split {
  readonly feature: number
  /** Bins up to this one go left. */
  readonly bin: number
}

interface Tree {
  readonly root: Split
  readonly left: Split | undefined
  readonly right: Split | undefined
  /** The leaves left-left, left-right, right-left and right-right; both of a side alike where it is not split. */
  readonly leaves: readonly [number, number, number, number]
}

/** @param samples all with the same number of features; both classes must be among them */
export function train(samples: readonly Sample[]): Score {
  const width = samples[0]?.features.length ?? 0
  const edges = Array.from({ length: width }, (_, feature) =>
    edgesOf(samples.map(({ features }) => features[feature] as number)),
  )
  const binned = samples.map(({ features }) => binOf(edges, features))
  const margins = new Float64Array(samples.length)
  const trees: Tree[] = []
  for (let round = 0; round < rounds; round++) {
    const gradients = samples.map(({ positive }, i) => sigmoid(margins[i] as number) - (positive ? 1 : 0))
    const weights = samples.map((_, i) => sigmoid(margins[i] as number) * (1 - sigmoid(margins[i] as number)))
    const tree = grow(binned, gradients, weights, width)
    if (tree === undefined) break
    trees.push(tree)
    for (const [i, bin] of binned.entries()) margins[i] = (margins[i] as number) + leafOf(tree, bin)
  }
  return features => {
    const bin = binOf(edges, features)
    return trees.reduce((sum, tree) => sum + leafOf(tree, bin), 0)
  }
}

function grow(
  binned: readonly Uint8Array[],
  gradients: readonly number[],
  weights: readonly number[],
  width: number,
): Tree | undefined {
  const all = binned.map((_, i) => i)
  const root = bestSplit(all)
  if (root === undefined) return undefined
  const sides = [all.filter(i => goesLeft(root, i)), all.filter(i => !goesLeft(root, i))] as const
  const [left, right] = [bestSplit(sides[0]), bestSplit(sides[1])]
  const leaves = ([left, right] as const).flatMap((split, side) => {
    const members = sides[side] as readonly number[]
    if (split === undefined) return [leaf(members), leaf(members)]
    return [leaf(members.filter(i => goesLeft(split, i))), leaf(members.filter(i => !goesLeft(split, i)))]
  })
  return { root, left, right, leaves: leaves as unknown as Tree['leaves'] }

  function goesLeft({ feature, bin }: Split, i: number): boolean {
    return ((binned[i] as Uint8Array)[feature] as number) <= bin
  }

  function leaf(members: readonly number[]): number {
    let [gradient, weight] = [0, 0]
    for (const i of members) {
      gradient += gradients[i] as number
      weight += weights[i] as number
    }
    return (-learningRate * gradient) / (weight + ridge)
  }

  function bestSplit(members: readonly number[]): Split | undefined {
    let best: Split | undefined
    let bestGain = 1e-9
    const gain = (gradient: number, weight: number): number => gradient ** 2 / (weight + ridge)
    const [gradient, weight] = [new Float64Array(bins), new Float64Array(bins)]
    for (let feature = 0; feature < width; feature++) {
      gradient.fill(0)
      weight.fill(0)
      let [allGradient, allWeight] = [0, 0]
      for (const i of members) {
        const bin = (binned[i] as Uint8Array)[feature] as number
        gradient[bin] = (gradient[bin] as number) + (gradients[i] as number)
        weight[bin] = (weight[bin] as number) + (weights[i] as number)
        allGradient += gradients[i] as number
        allWeight += weights[i] as number
      }
      let [leftGradient, leftWeight] = [0, 0]
      for (let bin = 0; bin < bins - 1; bin++) {
        leftGradient += gradient[bin] as number
        leftWeight += weight[bin] as number
        if (leftWeight < leastWeight || allWeight - leftWeight < leastWeight) continue
        const gained =
          gain(leftGradient, leftWeight) +
          gain(allGradient - leftGradient, allWeight - leftWeight) -
          gain(allGradient, allWeight)
        if (gained > bestGain) {
          bestGain = gained
          best = { feature, bin }
        }
      }
    }
    return best
  }
}

function leafOf({ root, left, right, leaves }: Tree, bin: Uint8Array): number {
  const goesLeft = (split: Split): boolean => (bin[split.feature] as number) <= split.bin
  const side = goesLeft(root) ? 0 : 1
  const split = side === 0 ? left : right
  return leaves[(2 * side + (split !== undefined && !goesLeft(split) ? 1 : 0)) as 0 | 1 | 2 | 3]
}

/** Upper edges of all bins but the last, at equal shares of the sample. */
function edgesOf(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b)
  return Array.from(
    { length: bins - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)] as number,
  )
}

function binOf(edges: readonly (readonly number[])[], features: readonly number[]): Uint8Array {
  return Uint8Array.from(edges, (own, feature) => {
    const value = features[feature] as number
    const bin = own.findIndex(edge => value < edge)
    return bin < 0 ? bins - 1 : bin
  })
}

function sigmoid(margin: number): number {
  return 1 / (1 + Math.exp(-margin))
}
