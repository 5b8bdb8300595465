//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package mlflow

import (
	"os"
	"syscall"
)

// lockFile locks a file until it is closed or the program ends. It returns false
// if another program has it locked.
func lockFile(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// unlockFile ends the lock at once. To close the file is not enough: a program
// that this one starts meanwhile has it, too, until it runs.
func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
