package simd

//go:noescape
func tapsAVX512(n int, weight *float32, off *int, count int, src, dst *float32, bias, low, high float32)

//go:noescape
func tapsAVX2(n int, weight *float32, off *int, count int, src, dst *float32, bias, low, high float32)

//go:noescape
func topsAVX512(n int, off *int, count int, src, dst *float32)

//go:noescape
func topsAVX2(n int, off *int, count int, src, dst *float32)

func (t *taps) compute(weight, src, dst []float32) {
	switch level {
	case levelAVX512:
		tapsAVX512(t.n/tapsUnit, &weight[0], &t.off[0], len(t.off), &src[0], &dst[0], t.bias, t.low, t.high)
	case levelAVX2:
		tapsAVX2(t.n/(tapsUnit/2), &weight[0], &t.off[0], len(t.off), &src[0], &dst[0], t.bias, t.low, t.high)
	default:
		t.computeGo(weight, src, dst)
	}
}

func (t *taps) computeTops(src, dst []float32) {
	switch level {
	case levelAVX512:
		topsAVX512(t.n/tapsUnit, &t.off[0], len(t.off), &src[0], &dst[0])
	case levelAVX2:
		topsAVX2(t.n/(tapsUnit/2), &t.off[0], len(t.off), &src[0], &dst[0])
	default:
		t.computeTopsGo(src, dst)
	}
}
