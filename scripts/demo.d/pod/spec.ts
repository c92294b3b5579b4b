/** The part of a Pod (core/v1) that the demo's stand-in for a kubelet understands. */

export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: {
    readonly shareProcessNamespace?: boolean
    readonly initContainers?: readonly Container[]
    readonly containers: readonly Container[]
    readonly volumes?: readonly Volume[]
  }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly Env[]
  readonly restartPolicy?: 'Always'
  readonly startupProbe?: {
    readonly exec: { readonly command: readonly string[] }
    readonly periodSeconds: number
    readonly failureThreshold: number
  }
  readonly securityContext?: SecurityContext
  readonly volumeMounts?: readonly VolumeMount[]
}

export interface Env {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } }
}

export interface SecurityContext {
  readonly runAsUser?: number
  readonly privileged?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
}

export interface VolumeMount {
  readonly name: string
  readonly mountPath: string
  readonly readOnly?: boolean
}

export interface Volume {
  readonly name: string
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[]
    readonly defaultMode?: number
  }
  readonly hostPath?: { readonly path: string }
  readonly secret?: {
    readonly secretName: string
    readonly items: readonly { readonly key: string; readonly path: string }[]
    readonly defaultMode?: number
  }
}

/**
 * In place of a registry's image: here an image is the machine's own root file system, or `root`, and this on top of
 * it.
 */
export interface Image {
  readonly root?: string
  readonly entrypoint?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Files and folders of the machine at other places, read-only: path in the image → path on the machine. */
  readonly content?: Readonly<Record<string, string>>
}
