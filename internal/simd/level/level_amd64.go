package level

import "golang.org/x/sys/cpu"

func ofMachine() int {
	switch x := cpu.X86; {
	case !x.HasAVX2 || !x.HasFMA:
		return Go
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL:
		return AVX512
	}
	return AVX2
}
