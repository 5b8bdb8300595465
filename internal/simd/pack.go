package simd

func copyRowsGo(rows, n int, dst []float32, to int, src []float32, from int) {
	for r := range rows {
		copy(dst[r*to:][:n], src[r*from:])
	}
}

// EveryRows copies rows of n elements, which are adjacent in dst and at the given distance in src.
func EveryRows(rows, n int, dst []float32, to int, src []float32, from, step int) {
	switch step {
	case 1:
		CopyRows(rows, n, dst, to, src, from)
	case 2:
		evenRows(rows, n, dst, to, src, from)
	default:
		everyRowsGo(rows, n, dst, to, src, from, step)
	}
}

func everyRowsGo(rows, n int, dst []float32, to int, src []float32, from, step int) {
	for r := range rows {
		at := r * from
		row := dst[r*to:][:n]
		for i := range row {
			row[i] = src[at]
			at += step
		}
	}
}

func turnGo(rows, n int, dst []float32, to int, src []float32, from int) {
	for r := range rows {
		for j, x := range src[r*from:][:n] {
			dst[j*to+r] = x
		}
	}
}
