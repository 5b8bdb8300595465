package simd

import "golang.org/x/sys/cpu"

// level is that of the kernels of this machine.
var level = levelOf()

func levelOf() int {
	switch x := cpu.X86; {
	case !x.HasAVX2 || !x.HasFMA:
		return levelGo
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL:
		return levelAVX512
	}
	return levelAVX2
}

//go:noescape
func tileAVX2(k int, a, b *float32, off *int, c *float32, ldc int, add bool)

//go:noescape
func dotsAVX2(n int, a *float32, lda int, b *float32, off *int, c *float32, ldc int)

//go:noescape
func addAVX2(dst, a, b *float32, n int)

//go:noescape
func subAVX2(dst, a, b *float32, n int)

//go:noescape
func mulAVX2(dst, a, b *float32, n int)

//go:noescape
func divAVX2(dst, a, b *float32, n int)

//go:noescape
func maxAVX2(dst, a, b *float32, n int)

//go:noescape
func minAVX2(dst, a, b *float32, n int)

//go:noescape
func addScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func subScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func rsubScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func mulScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func divScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func rdivScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func maxScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func minScalarAVX2(dst, a, b *float32, n int)

//go:noescape
func signAVX2(dst, a *float32, n int)

//go:noescape
func sumAVX2(a *float32, n int) float32

// tile multiplies four rows of a by 24 columns of b. It sets c[r*ldc+j] to the sum over k of a[4*k+r] * b[off[k]+j],
// or adds the sum if add is set.
func tile(a, b []float32, off []int, c []float32, ldc int, add bool) {
	if level == levelGo || len(off) == 0 {
		tileGo(a, b, off, c, ldc, add)
		return
	}
	tileAVX2(len(off), &a[0], &b[0], &off[0], &c[0], ldc, add)
}

// dots adds to c[i*ldc+j] the dot product of n floats of a from i*lda on and of b from off[j] on, for four i and
// three j.
func dots(n int, a []float32, lda int, b []float32, off *[dotCols]int, c []float32, ldc int) {
	if level == levelGo || n == 0 {
		dotsGo(n, a, lda, b, off, c, ldc)
		return
	}
	dotsAVX2(n, &a[0], lda, &b[0], &off[0], &c[0], ldc)
}

// Sum returns the sum of a list.
func Sum(a []float32) float32 {
	if level == levelGo || len(a) == 0 {
		return sumGo(a)
	}
	return sumAVX2(&a[0], len(a))
}

// binaryAVX2 has the kernels of the operations in binaryGo: for two lists, for a list and a number, and for a number
// and a list.
var binaryAVX2 = map[string][3]func(dst, a, b *float32, n int){
	"Add": {addAVX2, addScalarAVX2, addScalarAVX2},
	"Sub": {subAVX2, subScalarAVX2, rsubScalarAVX2},
	"Mul": {mulAVX2, mulScalarAVX2, mulScalarAVX2},
	"Div": {divAVX2, divScalarAVX2, rdivScalarAVX2},
	"Max": {maxAVX2, maxScalarAVX2, maxScalarAVX2},
	"Min": {minAVX2, minScalarAVX2, minScalarAVX2},
}

// Binary returns the function that sets dst to a op b, element by element. a or b may have a single element. op is
// Add, Sub, Mul, Div, Max or Min; for other operations Binary returns nil.
func Binary(op string) func(dst, a, b []float32) {
	fast, ok := binaryAVX2[op]
	if !ok || level == levelGo {
		return broadcast(binaryGo[op])
	}
	return func(dst, a, b []float32) {
		n := len(dst)
		switch {
		case n == 0:
		case len(a) == n && len(b) == n:
			fast[0](&dst[0], &a[0], &b[0], n)
		case len(a) == n:
			fast[1](&dst[0], &a[0], &b[0], n)
		default:
			fast[2](&dst[0], &b[0], &a[0], n)
		}
	}
}

// Unary returns the function that sets dst to op a, element by element. op is Neg, Abs, Sign, Sqrt, Exp, Log or Tanh;
// for other operations Unary returns nil.
func Unary(op string) func(dst, a []float32) {
	if op == "Sign" && level > levelGo {
		return func(dst, a []float32) {
			if len(dst) > 0 {
				signAVX2(&dst[0], &a[0], len(dst))
			}
		}
	}
	return unaryGo[op]
}
