//go:build unix

package cli

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// MILLRACE_TEST_FILE_SIZE limits the size of the files that a process can write, as
// if the disk were full.
func init() {
	if n, err := strconv.ParseUint(os.Getenv("MILLRACE_TEST_FILE_SIZE"), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			panic(err)
		}
	}
}
