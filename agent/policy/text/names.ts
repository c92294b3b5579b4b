/** Rules for names: of a variable, a Kubernetes object, a file. Each rule returns the mistake, or undefined. */
import { quote } from './suggest.ts'

export interface Wrong {
  readonly message: string
  /** The same without the text, which may be a secret at a wrong place. */
  readonly bare: string
  readonly hint: string
}

const wrong = (text: string, bare: string, hint: string): Wrong => ({ message: `${quote(text)} ${bare}`, bare, hint })

/**
 * Variables the loader, a shell or a language runtime obeys. A user who may write such a Secret would run code in the
 * process that holds the other secrets, and a placeholder in their place breaks the program before delivery.
 */
const FORBIDDEN_VARIABLES: readonly { readonly match: RegExp; readonly obeyedBy: string }[] = [
  { match: /^LD_/, obeyedBy: 'the dynamic loader' },
  {
    match: /^(GLIBC_TUNABLES|GCONV_PATH|LOCPATH)$/,
    obeyedBy: 'the C library, which loads code or changes its defences by it',
  },
  { match: /^(PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND)$/, obeyedBy: 'every shell' },
  { match: /^(NODE_OPTIONS|NODE_PATH)$/, obeyedBy: 'Node.js' },
  { match: /^PYTHON(STARTUP|PATH|HOME|INSPECT|BREAKPOINT|USERBASE)$/, obeyedBy: 'Python' },
  { match: /^PERL(LIB|5LIB|5OPT|5DB)$/, obeyedBy: 'Perl' },
  { match: /^RUBY(OPT|LIB)$/, obeyedBy: 'Ruby' },
  { match: /^(JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|CLASSPATH)$/, obeyedBy: 'the Java virtual machine' },
  { match: /^DOTNET_STARTUP_HOOKS$/, obeyedBy: '.NET' },
]

/** The kernel side reads a name with its `=` as eight 64-bit words, terminator included (KS_VARIABLE in bpf/lib/wire/limit.h). */
export const MAX_VARIABLE_NAME = 62

export function wrongVariable(name: string): Wrong | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return wrong(name, 'is not a variable name', 'letters, digits and _, not starting with a digit')
  }
  if (name.length > MAX_VARIABLE_NAME) {
    const bare = `has ${name.length} characters; a sealed variable's name has at most ${MAX_VARIABLE_NAME}`
    return wrong(name, bare, 'use a shorter name')
  }
  const rule = FORBIDDEN_VARIABLES.find(({ match }) => match.test(name))
  if (rule === undefined) return undefined
  // A name that programs are known to obey is no secret.
  const message = `${quote(name)} may not carry a secret: it is obeyed by ${rule.obeyedBy}`
  return { message, bare: message, hint: 'use another name' }
}

/** Name of a Secret: a DNS subdomain (RFC 1123), at most 253 characters. It becomes a directory below SECRETS_DIR. */
export function wrongSecretName(name: string): Wrong | undefined {
  const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
  if (name.length <= 253 && new RegExp(`^${label}(\\.${label})*$`).test(name)) return undefined
  return wrong(name, 'is not the name of a Secret', 'lower-case letters, digits, - and ., at most 253')
}

/** Key of a Secret (apimachinery IsConfigMapKey). It becomes a file name. */
export function wrongSecretKey(key: string): Wrong | undefined {
  if (/^[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== '.' && !key.startsWith('..')) return undefined
  return wrong(key, 'is not a key of a Secret', 'letters, digits, -, _ and ., not starting with ..')
}

/** DNS label (RFC 1123): containers and namespaces. */
export function wrongLabel(name: string): Wrong | undefined {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return undefined
  return wrong(name, 'is not a valid name', 'lower-case letters, digits and -, at most 63')
}

export function wrongBindingName(name: string): Wrong | undefined {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) return undefined
  return wrong(name, 'cannot name a binding', 'letters, digits, ., _ and -, at most 63')
}

/**
 * Absolute and in normal form, because it is compared with the kernel's resolved path; shorter than PATH_MAX (4,096).
 */
export function wrongPath(path: string): Wrong | undefined {
  if (!path.startsWith('/')) return wrong(path, 'is not absolute', 'start with /')
  const steps = path.slice(1).split('/')
  if (steps.some((step) => step === '..' || step === '.' || step === '')) {
    return wrong(path, 'is not in normal form', 'no empty, . or .. steps and no trailing /')
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (path.length >= 4096 || /[\x00-\x1f\x7f]/.test(path)) {
    const bare = 'has control characters or 4,096 characters and more'
    return { message: bare, bare, hint: 'give a plain path' }
  }
  return undefined
}

/** Path of a secret at a server, such as Vault. Characters with a meaning in URLs are refused, not escaped. */
export const wrongServerPath =
  (server: string) =>
  (path: string): Wrong | undefined => {
    const steps = path.split('/')
    if (path.length <= 512 && steps.every((step) => /^[-.\w@+=, ]+$/.test(step) && step !== '.' && step !== '..')) {
      return undefined
    }
    const hint = 'letters, digits and -._@+=, between single slashes, none at the ends'
    return wrong(path, `is not the path of a secret in ${server}`, hint)
  }

/** Bytes of one component of a path (NAME_MAX, include/uapi/linux/limits.h). */
export const MAX_COMPONENT = 255
/** The kernel side follows 32 steps: a component each, a mount each, and the root (MAX_PATH_STEPS in bpf/lib/program.h). */
const MAX_COMPONENTS = 31

/** `selector.binary`: an absolute path, or a basename. */
export function wrongBinary(binary: string): Wrong | undefined {
  return binary.includes('/') ? (wrongPath(binary) ?? wrongDepth(binary)) : wrongBasename(binary)
}

/** Such a program would never be recognised. */
function wrongDepth(binary: string): Wrong | undefined {
  const components = binary.slice(1).split('/')
  if (components.some((component) => Buffer.byteLength(component) > MAX_COMPONENT)) {
    return wrong(binary, `has a component of more than ${MAX_COMPONENT} bytes`, 'no file system has such a file')
  }
  if (components.length <= MAX_COMPONENTS) return undefined
  const bare = `has ${components.length} components; the kernel follows ${MAX_COMPONENTS}, mounts counted too`
  return wrong(binary, bare, 'move the program, or give its basename')
}

function wrongBasename(binary: string): Wrong | undefined {
  const isName = binary !== '.' && binary !== '..' && binary !== ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (isName && Buffer.byteLength(binary) <= MAX_COMPONENT && !/[\x00-\x1f\x7f]/.test(binary)) return undefined
  return wrong(binary, 'is not a file name', 'an absolute path, or a basename of 1 to 255 bytes')
}
