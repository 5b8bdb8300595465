//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package mlflow

import "os"

// lockFile does nothing on systems without flock. There, two programs may deliver the
// same file; the server stores each value once.
func lockFile(*os.File) bool { return true }

func unlockFile(*os.File) error { return nil }
