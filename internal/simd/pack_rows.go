package simd

// packRows writes d columns of m rows of a as panels of four rows, column by column.
func packRows(packed []float32, a Matrix, m, d int) {
	for i := range roundUp(m, tileRows) {
		to := packed[i/tileRows*tileRows*d+i%tileRows:]
		for k := range d {
			x := float32(0)
			if i < m {
				x = a.Floats[i*a.Row+k*a.Inner]
			}
			to[k*tileRows] = x
		}
	}
}
