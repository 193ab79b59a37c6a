// A sweep on machines that others look after: what a cluster is told so that each of its tasks runs some points. A task
// knows its number, and a point is a function of the file and its number, so that nothing is shared and nothing waits.

import { type Plan, pointCount } from './plan.ts'

/** Tasks with their points: the first ones have `perTask` each, the last one what is left. */
export interface Share {
  readonly tasks: number
  readonly points: number
  readonly perTask: number
}

export interface Deployment extends Share {
  /** Name of the job: 1 to 40 of a to z, 0 to 9 and hyphen, the first a letter. */
  readonly name: string
  /** Tasks at one time, at most. */
  readonly atOnce: number
}

/** Shares out the points of a plan. @param perTask 1 or more */
export function shareOf(plan: Plan, perTask: number): Share {
  const points = pointCount(plan)
  return { points, perTask, tasks: Math.ceil(points / perTask) }
}

/** In a shell: the points of the task with this number. */
function pointsIn({ points, perTask }: Share, task: string): readonly string[] {
  return [
    `first=$(( ${task} * ${perTask} ))`,
    `last=$(( first + ${perTask - 1} ))`,
    `if [ "$last" -gt ${points - 1} ]; then last=${points - 1}; fi`,
  ]
}

/**
 * Writes a batch script for Slurm, an array with a task for each share; each writes a file of its own.
 *
 * @param file the sweep's, where every node of the cluster reads it
 * @param command runs `chaffinch` there, words of a shell
 */
export function slurmScript(of: Deployment & { readonly file: string; readonly command: string }): string {
  const { name, tasks, atOnce, file, command } = of
  return [
    '#!/bin/sh',
    `#SBATCH --job-name=${name}`,
    `#SBATCH --array=0-${tasks - 1}%${atOnce}`,
    '#SBATCH --ntasks=1',
    '#SBATCH --cpus-per-task=1',
    `#SBATCH --output=${name}-%a.log`,
    'set -eu',
    `: "\${SLURM_ARRAY_TASK_ID:?is set by Slurm: sbatch this file}"`,
    ...pointsIn(of, 'SLURM_ARRAY_TASK_ID'),
    '# All of a file or nothing of it: a task that was ended runs again, and leaves no half line',
    `${command} simulate ${quoted(file)} --point "$first-$last" > "${name}-$SLURM_ARRAY_TASK_ID.part"`,
    `mv "${name}-$SLURM_ARRAY_TASK_ID.part" "${name}-$SLURM_ARRAY_TASK_ID.jsonl"`,
    '',
  ].join('\n')
}

/**
 * Writes what Kubernetes is to apply: a ConfigMap with the file, and an Indexed Job (Kubernetes 1.24) with a pod for
 * each share. What a task printed is its log.
 *
 * @param text the sweep's file
 * @param image one in which `chaffinch` is a command
 */
export function kubernetesManifests(
  of: Deployment & { readonly text: string; readonly image: string },
): readonly object[] {
  const { name, tasks, atOnce, text, image } = of
  const labels = { 'app.kubernetes.io/name': 'chaffinch-simulate', 'app.kubernetes.io/instance': name }
  const script = [
    'set -eu',
    ...pointsIn(of, 'JOB_COMPLETION_INDEX'),
    'exec chaffinch simulate /sweep/sweep.toml --point "$first-$last"',
  ].join('\n')
  const container = {
    name: 'points',
    image,
    command: ['/bin/sh', '-c', script],
    resources: { requests: { cpu: '1', memory: '512Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'sweep', mountPath: '/sweep', readOnly: true }],
  }
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { 'sweep.toml': text } },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, labels },
      spec: {
        completionMode: 'Indexed',
        completions: tasks,
        parallelism: Math.min(tasks, atOnce),
        backoffLimit: 6,
        template: {
          metadata: { labels },
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            containers: [container],
            volumes: [{ name: 'sweep', configMap: { name } }],
          },
        },
      },
    },
  ]
}

/** One word of a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
