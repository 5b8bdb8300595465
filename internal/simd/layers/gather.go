package layers

// mustGather panics if gather would access memory beyond the lists.
func mustGather(dst []float32, row int, src []float32, off []int, moves []move) {
	// Negative numbers become too large ones.
	from, to, first := uint32(0), uint32(0), uint(0)
	for _, m := range moves {
		from, to = max(from, uint32(m.from)), max(to, uint32(m.to)) //nolint:gosec // As the comment says.
	}
	for _, o := range off {
		first = max(first, uint(o))
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
