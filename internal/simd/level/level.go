// Package level says which kernels in assembly a machine can run.
package level

// The levels of the kernels. Each can run those of the levels before it.
const (
	Go = iota
	AVX2
	AVX512
)

// Names are the names of the levels.
var Names = []string{Go: "Go", AVX2: "AVX2", AVX512: "AVX512"}

// Level is that of the kernels of this machine. Only tests change it.
var Level = ofMachine()
