//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package mlflow

import (
	"os"
	"syscall"
)

// lockFile locks a file until it is closed or the program ends. It returns false if
// another program has locked it.
func lockFile(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// unlockFile releases the lock. Closing the file is not sufficient, because a child
// process that is being started may have inherited it.
func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
