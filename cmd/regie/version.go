package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is set by the linker where a build knows its version and Go's own
// build information does not, as in the container image.
var release string

type versionCmd struct{}

func (versionCmd) Run() error {
	_, err := fmt.Printf("regie %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the release, or what Go noted of the source when it built this.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
