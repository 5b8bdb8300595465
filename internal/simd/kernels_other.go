//go:build !amd64

package simd

// level says that this platform has no kernels in assembly.
const level = levelGo

func tile(a, b []float32, off []int, c []float32, ldc int, add bool) {
	tileGo(a, b, off, c, ldc, add)
}

func dots(n int, a []float32, lda int, b []float32, off *[dotCols]int, c []float32, ldc int) {
	dotsGo(n, a, lda, b, off, c, ldc)
}

// Sum returns the sum of a list.
func Sum(a []float32) float32 { return sumGo(a) }

// Binary returns the function that sets dst to a op b, element by element. a or b may have a single element. op is
// Add, Sub, Mul, Div, Max or Min; for other operations Binary returns nil.
func Binary(op string) func(dst, a, b []float32) { return broadcast(binaryGo[op]) }

// Unary returns the function that sets dst to op a, element by element. op is Neg, Abs, Sign, Sqrt, Exp, Log or Tanh;
// for other operations Unary returns nil.
func Unary(op string) func(dst, a []float32) { return unaryGo[op] }
