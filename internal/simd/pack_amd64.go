package simd

import "github.com/millrace-ml/millrace/internal/simd/level"

//go:noescape
func copyRowsAVX512(rows, n int, dst *float32, to int, src *float32, from int)

//go:noescape
func evenRowsAVX512(rows, n int, dst *float32, to int, src *float32, from int)

//go:noescape
func turnAVX2(n int, dst *float32, to int, src *float32, from int)

// CopyRows copies rows of n floats between lists with the given distances of rows.
func CopyRows(rows, n int, dst []float32, to int, src []float32, from int) {
	if level.Level != level.AVX512 || rows == 0 || n == 0 {
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
	if level.Level != level.AVX512 || rows == 0 || n == 0 || end > len(src) {
		everyRowsGo(rows, n, dst, to, src, from, 2)
		return
	}
	_ = dst[(rows-1)*to+n-1]
	evenRowsAVX512(rows, n, &dst[0], 4*to, &src[0], 4*from)
}

// Turn writes rows of n floats as columns: element j of row i of src becomes element i of row j of dst.
func Turn(rows, n int, dst []float32, to int, src []float32, from int) {
	if level.Level == level.Go || rows < 8 || n < 8 {
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
