// Package version returns the version of the program.
package version

import "runtime/debug"

// release is set by the linker where Go cannot know it, as in an image that is
// built without the repository:
//
//	go build -ldflags "-X github.com/millrace-ml/millrace/internal/version.release=v1.2.3"
var release string

// Release returns the version of the program, such as v1.2.3.
func Release() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(development build)"
}
