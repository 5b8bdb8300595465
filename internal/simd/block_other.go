//go:build !amd64

package simd

func (b *block) compute() { b.computeGo() }

// lanes returns the number of floats that a move copies.
func lanes() int { return 16 }

func gather(dst []float32, row int, src []float32, off []int, moves []move) {
	mustGather(dst, row, src, off, moves)
	gatherGo(dst, row, src, off, moves)
}

func copyRows(rows, n int, dst []float32, to int, src []float32, from int) {
	copyRowsGo(rows, n, dst, to, src, from)
}

func evenRows(rows, n int, dst []float32, to int, src []float32, from int) {
	everyRowsGo(rows, n, dst, to, src, from, 2)
}

func turn(rows, n int, dst []float32, to int, src []float32, from int) {
	turnGo(rows, n, dst, to, src, from)
}

func (t *taps) compute(weight, src, dst []float32) { t.computeGo(weight, src, dst) }

func (t *taps) computeTops(src, dst []float32) { t.computeTopsGo(src, dst) }
