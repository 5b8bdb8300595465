//go:build !amd64

package cpu

// simd says that there are no kernels in assembly for this machine.
const simd = false

func tile(a, b []float32, off []int, c []float32, ldc int, add bool) {
	tileGo(a, b, off, c, ldc, add)
}

func dots(n int, a []float32, lda int, b []float32, off *[dotCols]int, c []float32, ldc int) {
	dotsGo(n, a, lda, b, off, c, ldc)
}

func sum(a []float32) float32 { return sumGo(a) }

func binaryKernel(op string) func(dst, a, b []float32) { return broadcast(binaryGo[op]) }

func unaryKernel(op string) func(dst, a []float32) { return unaryGo[op] }
