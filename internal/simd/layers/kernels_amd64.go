package layers

import "github.com/millrace-ml/millrace/internal/simd/level"

//go:noescape
func tileAVX2(k int, a, b *float32, off *int, c *float32, ldc int, add bool)

//go:noescape
func dotsAVX512(n int, a *float32, lda int, b *float32, off *int, c *float32, ldc int)

//go:noescape
func dotsAVX2(n int, a *float32, lda int, b *float32, off *int, c *float32, ldc int)

// tile multiplies four rows of a by 24 columns of b. It sets c[r*ldc+j] to the sum over k of a[4*k+r] * b[off[k]+j],
// or adds the sum if add is set.
func tile(a, b []float32, off []int, c []float32, ldc int, add bool) {
	if level.Level == level.Go || len(off) == 0 {
		tileGo(a, b, off, c, ldc, add)
		return
	}
	tileAVX2(len(off), &a[0], &b[0], &off[0], &c[0], ldc, add)
}

// dots adds to c[i*ldc+j] the dot product of n floats of a from i*lda on and of b from off[j] on, for four i and
// three j.
func dots(n int, a []float32, lda int, b []float32, off *[dotCols]int, c []float32, ldc int) {
	if level.Level == level.Go || n == 0 {
		dotsGo(n, a, lda, b, off, c, ldc)
		return
	}
	if level.Level == level.AVX512 {
		dotsAVX512(n, &a[0], lda, &b[0], &off[0], &c[0], ldc)
		return
	}
	dotsAVX2(n, &a[0], lda, &b[0], &off[0], &c[0], ldc)
}

//go:noescape
func gatherAVX512(dst *float32, row int, src *float32, off *int, k int, moves *move, n int)

//go:noescape
func gatherAVX2(dst *float32, row int, src *float32, off *int, k int, moves *move, n int)

// lanes returns the number of floats that a move copies.
func lanes() int {
	if level.Level == level.AVX2 {
		return 8
	}
	return 16
}

// gather copies for each offset in src the vectors that the moves name to a row of dst. src has a vector more than the
// moves need, and dst too.
func gather(dst []float32, row int, src []float32, off []int, moves []move) {
	mustGather(dst, row, src, off, moves)
	switch level.Level {
	case level.AVX512:
		gatherAVX512(&dst[0], 4*row, &src[0], &off[0], len(off), &moves[0], len(moves))
	case level.AVX2:
		gatherAVX2(&dst[0], 4*row, &src[0], &off[0], len(off), &moves[0], len(moves))
	default:
		gatherGo(dst, row, src, off, moves)
	}
}

//go:noescape
func tapsAVX512(n int, weight *float32, off *int, count int, src, dst *float32, bias, low, high float32)

//go:noescape
func tapsAVX2(n int, weight *float32, off *int, count int, src, dst *float32, bias, low, high float32)

//go:noescape
func topsAVX512(n int, off *int, count int, src, dst *float32)

//go:noescape
func topsAVX2(n int, off *int, count int, src, dst *float32)

func (t *taps) compute(weight, src, dst []float32) {
	switch level.Level {
	case level.AVX512:
		tapsAVX512(t.n/tapsUnit, &weight[0], &t.off[0], len(t.off), &src[0], &dst[0], t.bias, t.low, t.high)
	case level.AVX2:
		tapsAVX2(t.n/(tapsUnit/2), &weight[0], &t.off[0], len(t.off), &src[0], &dst[0], t.bias, t.low, t.high)
	default:
		t.computeGo(weight, src, dst)
	}
}

func (t *taps) computeTops(src, dst []float32) {
	switch level.Level {
	case level.AVX512:
		topsAVX512(t.n/tapsUnit, &t.off[0], len(t.off), &src[0], &dst[0])
	case level.AVX2:
		topsAVX2(t.n/(tapsUnit/2), &t.off[0], len(t.off), &src[0], &dst[0])
	default:
		t.computeTopsGo(src, dst)
	}
}
