package frame

// Parameters of MT19937, from Matsumoto and Nishimura, Mersenne Twister: a
// 623-dimensionally equidistributed uniform pseudo-random number generator, 1998.
const (
	mtWords  = 624
	mtMiddle = 397
	mtMatrix = 0x9908b0df
	mtUpper  = 1 << 31
	mtLower  = mtUpper - 1
)

// mt19937 is the generator of numpy.random.RandomState. A split that is equal to
// scikit-learn's needs the same random numbers.
type mt19937 struct {
	state [mtWords]uint32
	next  int
}

// newMT19937 returns a generator with the state of RandomState(seed).
func newMT19937(seed uint32) *mt19937 {
	g := &mt19937{next: mtWords}
	g.state[0] = seed
	for i := uint32(1); i < mtWords; i++ {
		before := g.state[i-1]
		g.state[i] = 1812433253*(before^before>>30) + i
	}
	return g
}

// uint32 returns the next number.
func (g *mt19937) uint32() uint32 {
	if g.next == mtWords {
		g.refill()
	}
	v := g.state[g.next]
	g.next++
	v ^= v >> 11
	v ^= v << 7 & 0x9d2c5680
	v ^= v << 15 & 0xefc60000
	return v ^ v>>18
}

func (g *mt19937) refill() {
	for i := range mtWords {
		mixed := g.state[i]&mtUpper | g.state[(i+1)%mtWords]&mtLower
		v := g.state[(i+mtMiddle)%mtWords] ^ mixed>>1
		if mixed&1 == 1 {
			v ^= mtMatrix
		}
		g.state[i] = v
	}
	g.next = 0
}

// upTo returns a number from 0 to top. Like RandomState, it uses as many low bits as top
// has, and repeats if the result is larger.
func (g *mt19937) upTo(top uint32) uint32 {
	mask := top
	for shift := 1; shift < 32; shift *= 2 {
		mask |= mask >> shift
	}
	for {
		if v := g.uint32() & mask; v <= top {
			return v
		}
	}
}

// permutation returns the numbers 0 to n-1 in the order of RandomState.permutation(n).
func (g *mt19937) permutation(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := g.upTo(uint32(i)) //nolint:gosec // TrainTestSplit limits n to 32 bits.
		out[i], out[j] = out[j], out[i]
	}
	return out
}
