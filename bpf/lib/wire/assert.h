/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The agent writes and reads these structures by their bytes, so that each says its size. */
#ifndef KERNELSEAL_WIRE_ASSERT_H
#define KERNELSEAL_WIRE_ASSERT_H

#define KS_ASSERT(what) _Static_assert(what, #what)

#endif
