//go:build unix && !solaris && !aix

package local

import (
	"errors"
	"os"
	"syscall"
)

var errLocked = errors.New("locked by another process")

// lock takes an exclusive lock on f. The kernel releases it when f is closed or the
// process ends.
func lock(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lockErr error
	err = conn.Control(func(fd uintptr) {
		lockErr = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB)
	})
	switch {
	case err != nil:
		return err
	case errors.Is(lockErr, syscall.EWOULDBLOCK):
		return errLocked
	case errors.Is(lockErr, syscall.ENOLCK), errors.Is(lockErr, syscall.ENOTSUP): // unsupported by the file system
		return nil
	}
	return lockErr
}
