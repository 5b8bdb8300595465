package layers

// The sizes of the blocks that the kernels compute at a time.
const (
	tileRows = 4
	tileCols = 24
	dotRows  = 4
	dotCols  = 3
)

// tileGo is tile for machines without AVX2.
func tileGo(a, b []float32, off []int, c []float32, ldc int, add bool) {
	for r := range tileRows {
		row := c[r*ldc : r*ldc+tileCols]
		if !add {
			clear(row)
		}
		for k, o := range off {
			x := a[k*tileRows+r]
			for j, y := range b[o : o+tileCols] {
				row[j] += x * y
			}
		}
	}
}

// dotsGo is dots for machines without AVX2.
func dotsGo(n int, a []float32, lda int, b []float32, off *[dotCols]int, c []float32, ldc int) {
	for i := range dotRows {
		row := a[i*lda : i*lda+n]
		for j, o := range off {
			var s float32
			for k, y := range b[o : o+n] {
				s += row[k] * y
			}
			c[i*ldc+j] += s
		}
	}
}
