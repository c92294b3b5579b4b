/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One body, two ways to attach it: as a BPF LSM program where `bpf` is in the kernel's LSM list, and as a
 * fmod_ret program on the function that calls the LSM list where it is not. The agent loads one of the two.
 *
 * A tracing program (fmod_ret, fentry, tp_btf) that is preempted where the kernel preempts, and would run again on its
 * CPU meanwhile, is skipped (__bpf_prog_enter_recur, __bpf_trace_run); an LSM program is not. A program that
 * must not be skipped and has no LSM hook is attached more than once: the next copy is free. Each does its
 * work once.
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
 *
 * The fmod_ret program is there three times. Measured with one on 7.2 under load: 59 of 10,000 starts were not seen. A
 * refusal ends the chain, so a copy that runs after another judges a permitted access; `again` (a constant) keeps
 * it from reporting that twice. All other effects of a body may happen more than once.
 */
#define ENFORCE(name, hook, function, call, params...) ENFORCE_BY(COUNTED_PROGRAM, name, hook, function, call, params)

/*
 * The same for a hook that kernels give different numbers of parameters, so that the place of `ret` is not known:
 * it is not read. Nothing is lost, since a refusal ends the chain before us (arch_prepare_bpf_trampoline).
 */
#define ENFORCE_UNCOUNTED(name, hook, function, call, params...)                                                       \
	ENFORCE_BY(UNCOUNTED_PROGRAM, name, hook, function, call, params)

#define ENFORCE_BY(PROGRAM, name, hook, function, call, params...)                                                     \
	static __always_inline int name##_verdict(int again, params);                                                  \
	PROGRAM(name, _lsm, "lsm/" #hook, CALL(0, call), params)                                                       \
	PROGRAM(name, _mod, "fmod_ret/" #function, CALL(0, call), params)                                              \
	PROGRAM(name, _mod_2, "fmod_ret/" #function, CALL(1, call), params)                                            \
	PROGRAM(name, _mod_3, "fmod_ret/" #function, CALL(1, call), params)                                            \
	static __always_inline int name##_verdict(int again, params)

#define COUNTED_PROGRAM(name, tier, section, call, params...)                                                          \
	SEC(section) int BPF_PROG(name##tier, params, int ret)                                                         \
	{                                                                                                              \
		if (ret)                                                                                               \
			return ret;                                                                                    \
		return as_errno(name##_verdict call);                                                                  \
	}

#define UNCOUNTED_PROGRAM(name, tier, section, call, params...)                                                        \
	SEC(section) int BPF_PROG(name##tier, params)                                                                  \
	{                                                                                                              \
		return as_errno(name##_verdict call);                                                                  \
	}

/* CALL(1, (a, b)) is (1, a, b). */
#define CALL(again, call) (again, BARE call)
#define BARE(arguments...) arguments

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
