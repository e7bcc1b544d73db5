package worker

import "golang.org/x/sys/unix"

const (
	auditArch    = unix.AUDIT_ARCH_AARCH64
	foreignCalls = 0xffffffff // there are none
)

// forbiddenHere are the older forms of calls; arm64 has none of them.
var forbiddenHere []uint32
