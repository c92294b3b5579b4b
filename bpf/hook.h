/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One body, two ways to attach it: as a BPF LSM program where `bpf` is in the kernel's LSM list, and as a
 * fmod_ret program on the function that calls the LSM list where it is not. The agent loads one of the two.
 *
 * A tracing program (fmod_ret, fentry, tp_btf) that is preempted where the kernel preempts, and would run again on its
 * CPU meanwhile, is skipped (__bpf_prog_enter_recur, __bpf_trace_run); an LSM program is not. What must not be skipped
 * and has no LSM hook is attached more than once: the next copy is free. Each does its work once.
 */
#ifndef KERNELSEAL_HOOK_H
#define KERNELSEAL_HOOK_H

#include "kernel.h"

/*
 * ENFORCE(name, lsm_hook, kernel_function, (arguments), parameters...) { body; return 0, -EPERM or -ENOMEM }
 *
 * An earlier program's verdict is returned first: we never turn a refusal into a permission. The empty asm keeps
 * the branches apart: from 6.12 the verifier wants the result in -4095..0, and cannot see that in the branchless
 * arithmetic clang makes of them.
 */
#define ENFORCE(name, hook, function, call, params...)                                                                 \
	static __always_inline int name##_verdict(params);                                                             \
	SEC("lsm/" #hook) int BPF_PROG(name##_lsm, params, int ret)                                                    \
	{                                                                                                              \
		if (ret)                                                                                               \
			return ret;                                                                                    \
		return as_errno(name##_verdict call);                                                                  \
	}                                                                                                              \
	SEC("fmod_ret/" #function) int BPF_PROG(name##_mod, params, int ret)                                           \
	{                                                                                                              \
		if (ret)                                                                                               \
			return ret;                                                                                    \
		return as_errno(name##_verdict call);                                                                  \
	}                                                                                                              \
	static __always_inline int name##_verdict(params)

/*
 * The same for a hook that kernels give different numbers of parameters, so that the place of `ret` is not known:
 * it is not read. Nothing is lost, since a refusal ends the chain before us (arch_prepare_bpf_trampoline).
 */
#define ENFORCE_UNCOUNTED(name, hook, function, call, params...)                                                       \
	static __always_inline int name##_verdict(params);                                                             \
	SEC("lsm/" #hook) int BPF_PROG(name##_lsm, params)                                                             \
	{                                                                                                              \
		return as_errno(name##_verdict call);                                                                  \
	}                                                                                                              \
	SEC("fmod_ret/" #function) int BPF_PROG(name##_mod, params)                                                    \
	{                                                                                                              \
		return as_errno(name##_verdict call);                                                                  \
	}                                                                                                              \
	static __always_inline int name##_verdict(params)

static __always_inline int as_errno(int verdict)
{
	if (!verdict)
		return 0;
	if (verdict == -ENOMEM) {
		asm volatile("" ::: "memory");
		return -ENOMEM;
	}
	asm volatile("" ::: "memory");
	return -EPERM;
}

#endif
