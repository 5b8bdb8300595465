package kernel

import "math"

// The numbers of rows that go through a tree at a time, so that its nodes stay in the cache, and of walks from a root
// to a leaf that alternate, so that the processor need not wait for the memory of each.
const (
	forestRows = 64
	lanes      = 8
)

// compactForest is a forest whose nodes compare by <= and whose walks need no branches. Both children of a node are
// neighbors, and a leaf leads to itself.
type compactForest[T Float] struct {
	nodes []compactNode[T]
	roots []int32
	votes []Vote
	first []int32 // The first vote of each node.
}

type compactNode[T Float] struct {
	value   T
	feature int32
	next    int32 // The node if the feature is at most the value.
	step    int32 // The distance from there to the node otherwise: 1, or 0 for a leaf.
}

// compactOf returns the compact form of a forest, or nil if it compares in other ways.
func compactOf[T Float](f *Forest) *compactForest[T] {
	c := &compactForest[T]{}
	var places []int // For each node of c, its place in f.
	for _, root := range f.Roots {
		c.roots = append(c.roots, int32(len(places))) //nolint:gosec // A file has less than 1<<31 nodes.
		places = append(places, root)
		for at := int(c.roots[len(c.roots)-1]); at < len(places); at++ {
			n := &f.Nodes[places[at]]
			if !n.Leaf {
				if n.MissingTrue || n.Compare != LessEqual && n.Compare != Less {
					return nil
				}
				places = append(places, n.True, n.False)
			}
		}
	}
	if int64(len(places)) > math.MaxInt32/2 {
		return nil
	}
	c.nodes, c.first = make([]compactNode[T], len(places)), make([]int32, len(places)+1)
	next := 0
	roots := c.roots
	for at, place := range places {
		if len(roots) > 0 && int(roots[0]) == at {
			roots, next = roots[1:], at+1
		}
		n := &f.Nodes[place]
		if n.Leaf {
			c.nodes[at] = compactNode[T]{next: int32(at)}
			c.votes = append(c.votes, n.Votes...)
		} else {
			limit := atMost[T](n.Value, n.Compare == Less)
			c.nodes[at] = compactNode[T]{limit, int32(n.Feature), int32(next), 1} //nolint:gosec // At most MaxElements.
			next += 2
		}
		c.first[at+1] = int32(len(c.votes)) //nolint:gosec // As above.
	}
	return c
}

// atMost returns the largest number of a type that is at most v, or less than v.
func atMost[T Float](v float64, less bool) T {
	out := T(v)
	if less && math.IsInf(v, -1) {
		return T(math.NaN()) // Nothing is less.
	}
	for float64(out) > v || less && float64(out) == v {
		if narrow, ok := any(out).(float32); ok {
			out = T(math.Nextafter32(narrow, float32(math.Inf(-1))))
		} else {
			out = T(math.Nextafter(float64(out), math.Inf(-1)))
		}
	}
	return out
}

// score adds the votes of all trees for rows of n features to sums.
func (c *compactForest[T]) score(x []T, n int, sums []float64, targets int, join Join) {
	for len(x) > 0 {
		count := min(len(x)/n, forestRows)
		if count < lanes {
			for i := range count {
				c.scoreRow(x[i*n:(i+1)*n], sums[i*targets:(i+1)*targets], join)
			}
		} else {
			for _, root := range c.roots {
				c.scoreTree(root, x[:count*n], n, sums, targets, join)
			}
		}
		x, sums = x[count*n:], sums[count*targets:]
	}
}

// scoreTree adds the votes of one tree for several rows.
func (c *compactForest[T]) scoreTree(root int32, rows []T, n int, sums []float64, targets int, join Join) {
	count := len(rows) / n
	for i := 0; i < count; i += lanes {
		var at, from [lanes]int32
		for l := range lanes {
			at[l], from[l] = root, int32(min(i+l, count-1)*n) //nolint:gosec // Less than MaxElements.
		}
		c.walk(&at, &from, rows)
		for l := range min(lanes, count-i) {
			c.vote(at[l], sums[(i+l)*targets:(i+l+1)*targets], join)
		}
	}
}

// scoreRow adds the votes of all trees for one row.
func (c *compactForest[T]) scoreRow(row []T, sums []float64, join Join) {
	for i := 0; i < len(c.roots); i += lanes {
		var at, from [lanes]int32
		for l := range lanes {
			at[l] = c.roots[min(i+l, len(c.roots)-1)]
		}
		c.walk(&at, &from, row)
		for l := range min(lanes, len(c.roots)-i) {
			c.vote(at[l], sums, join)
		}
	}
}

// walk moves from the nodes at to the leaves below them, for the rows that begin at the elements from. The comparison
// becomes a number, so that the processor has no branch to predict.
func (c *compactForest[T]) walk(at, from *[lanes]int32, rows []T) {
	nodes := c.nodes
	for {
		moved := int32(0)
		for l := range lanes {
			n := &nodes[at[l]]
			over := int32(1)
			if rows[from[l]+n.feature] <= n.value {
				over = 0
			}
			next := n.next + over&n.step
			moved |= next ^ at[l]
			at[l] = next
		}
		if moved == 0 {
			return
		}
	}
}

// vote adds the votes of a leaf.
func (c *compactForest[T]) vote(leaf int32, sums []float64, join Join) {
	for _, v := range c.votes[c.first[leaf]:c.first[leaf+1]] {
		switch join {
		case JoinMin:
			sums[v.Target] = min(sums[v.Target], v.Weight)
		case JoinMax:
			sums[v.Target] = max(sums[v.Target], v.Weight)
		default:
			sums[v.Target] += v.Weight
		}
	}
}
