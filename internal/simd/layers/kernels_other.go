//go:build !amd64

package layers

func (b *block) compute() { b.computeGo() }

// lanes returns the number of floats that a move copies.
func lanes() int { return 16 }

func gather(dst []float32, row int, src []float32, off []int, moves []move) {
	mustGather(dst, row, src, off, moves)
	gatherGo(dst, row, src, off, moves)
}

func (t *taps) compute(weight, src, dst []float32) { t.computeGo(weight, src, dst) }

func (t *taps) computeTops(src, dst []float32) { t.computeTopsGo(src, dst) }

func tile(a, b []float32, off []int, c []float32, ldc int, add bool) {
	tileGo(a, b, off, c, ldc, add)
}

func dots(n int, a []float32, lda int, b []float32, off *[dotCols]int, c []float32, ldc int) {
	dotsGo(n, a, lda, b, off, c, ldc)
}
