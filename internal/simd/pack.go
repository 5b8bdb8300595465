package simd

// mustGather panics if gather would access memory beyond the lists.
func mustGather(dst []float32, row int, src []float32, off []int, moves []move) {
	// Negative numbers become too large ones.
	from, to, first := uint32(0), uint32(0), uint(0)
	for _, m := range moves {
		from, to = max(from, uint32(m.from)), max(to, uint32(m.to)) //nolint:gosec // As the comment says.
	}
	for _, o := range off {
		first = max(first, uint(o)) //nolint:gosec // As above.
	}
	n := lanes()
	_, _ = src[first:][int(from)+n-1], dst[(len(off)-1)*row+int(to)+n-1]
}

// gatherGo is gather for machines without AVX2.
func gatherGo(dst []float32, row int, src []float32, off []int, moves []move) {
	n := lanes()
	for i, o := range off {
		for _, m := range moves {
			copy(dst[i*row+int(m.to):][:n], src[o+int(m.from):])
		}
	}
}

func copyRowsGo(rows, n int, dst []float32, to int, src []float32, from int) {
	for r := range rows {
		copy(dst[r*to:][:n], src[r*from:])
	}
}

// everyRows copies rows of n elements, which are adjacent in dst and at the given distance in src.
func everyRows(rows, n int, dst []float32, to int, src []float32, from, step int) {
	switch step {
	case 1:
		copyRows(rows, n, dst, to, src, from)
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
