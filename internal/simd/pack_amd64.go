package simd

//go:noescape
func gatherAVX512(dst *float32, row int, src *float32, off *int, k int, moves *move, n int)

//go:noescape
func gatherAVX2(dst *float32, row int, src *float32, off *int, k int, moves *move, n int)

//go:noescape
func copyRowsAVX512(rows, n int, dst *float32, to int, src *float32, from int)

//go:noescape
func evenRowsAVX512(rows, n int, dst *float32, to int, src *float32, from int)

//go:noescape
func turnAVX2(n int, dst *float32, to int, src *float32, from int)

// lanes returns the number of floats that a move copies.
func lanes() int {
	if level == levelAVX2 {
		return 8
	}
	return 16
}

// gather copies for each offset in src the vectors that the moves name to a row of dst. src has a vector more than the
// moves need, and dst too.
func gather(dst []float32, row int, src []float32, off []int, moves []move) {
	mustGather(dst, row, src, off, moves)
	switch level {
	case levelAVX512:
		gatherAVX512(&dst[0], 4*row, &src[0], &off[0], len(off), &moves[0], len(moves))
	case levelAVX2:
		gatherAVX2(&dst[0], 4*row, &src[0], &off[0], len(off), &moves[0], len(moves))
	default:
		gatherGo(dst, row, src, off, moves)
	}
}

// copyRows copies rows of n floats between lists with the given distances of rows.
func copyRows(rows, n int, dst []float32, to int, src []float32, from int) {
	if level != levelAVX512 || rows == 0 || n == 0 {
		copyRowsGo(rows, n, dst, to, src, from)
		return
	}
	_, _ = dst[(rows-1)*to+n-1], src[(rows-1)*from+n-1]
	copyRowsAVX512(rows, n, &dst[0], 4*to, &src[0], 4*from)
}

// evenRows is like copyRows but copies every second element of src.
func evenRows(rows, n int, dst []float32, to int, src []float32, from int) {
	// The last vector of the kernel reads 2n elements unless it is a part of a vector.
	end := (rows-1)*from + 2*n
	if n%16 > 0 {
		end--
	}
	if level != levelAVX512 || rows == 0 || n == 0 || end > len(src) {
		everyRowsGo(rows, n, dst, to, src, from, 2)
		return
	}
	_ = dst[(rows-1)*to+n-1]
	evenRowsAVX512(rows, n, &dst[0], 4*to, &src[0], 4*from)
}

// turn writes rows of n floats as columns: element j of row i of src becomes element i of row j of dst.
func turn(rows, n int, dst []float32, to int, src []float32, from int) {
	if level == levelGo || rows < 8 || n < 8 {
		turnGo(rows, n, dst, to, src, from)
		return
	}
	_, _ = dst[(n-1)*to+rows-1], src[(rows-1)*from+n-1]
	i := 0
	for ; i+8 <= rows; i += 8 {
		turnAVX2(n/8, &dst[i], 4*to, &src[i*from], 4*from)
	}
	if done := n &^ 7; done < n {
		turnGo(i, n-done, dst[done*to:], to, src[done:], from)
	}
	if i < rows {
		turnGo(rows-i, n, dst[i:], to, src[i*from:], from)
	}
}
