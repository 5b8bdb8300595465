//go:build unix

package torchtest

import (
	"syscall"
	"testing"
)

// ProcessorTime returns the CPU time of this process in seconds.
func ProcessorTime(b *testing.B) float64 {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}
