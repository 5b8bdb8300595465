package span

import "strings"

// Node is a span with the JSON of its token usage and of its cost, which may be "".
type Node struct {
	ID, Parent  string // hexadecimal digits; Parent is "" for a root
	Usage, Cost string
}

// Node returns what the aggregates of a trace need of a span.
func (s *Span) Node() Node {
	n := Node{ID: s.ID.String(), Usage: s.Attributes.Get(AttrUsage), Cost: s.Attributes.Get(AttrCost)}
	if !s.Parent.IsZero() {
		n.Parent = s.Parent.String()
	}
	return n
}

// TotalUsage returns the token usage of a trace with some spans. A span whose ancestor has a
// usage does not count, because that of the ancestor includes it. The zero Usage stands for a
// trace without any.
func TotalUsage(nodes []Node) (total Usage) {
	eachTop(nodes, func(n *Node) string { return n.Usage }, func(n *Node) {
		u := ParseUsage(n.Usage)
		for i, from := range u.Values() {
			const always = 3 // Input, output and total are 0 if they are unknown.
			to := total.fields()[i]
			if from == nil && (i >= always || *to != nil) {
				continue
			}
			sum := value(*to) + value(from)
			*to = &sum
		}
	})
	return total
}

// TotalCost returns the cost of a trace as [TotalUsage] returns its usage.
func TotalCost(nodes []Node) (total Cost) {
	eachTop(nodes, func(n *Node) string { return n.Cost }, func(n *Node) {
		c := ParseCost(n.Cost)
		for i, from := range c.Values() {
			to := total.fields()[i]
			sum := value(*to) + value(from)
			*to = &sum
		}
	})
	return total
}

func value[T int64 | float64](v *T) T {
	if v == nil {
		return 0
	}
	return *v
}

// eachTop calls f for the nodes with an object, unless one of their ancestors has one.
func eachTop(nodes []Node, object func(*Node) string, f func(*Node)) {
	at := make(map[string]int, len(nodes))
	for i := range nodes {
		at[nodes[i].ID] = i
	}
	// state of a node: whether it or one of its ancestors has an object. A cycle of parents is
	// no tree; its nodes count as roots.
	const visiting, without, with = 1, 2, 3
	state := make([]byte, len(nodes))
	path := make([]int, 0, 16)
	for i := range nodes {
		path = path[:0]
		above := byte(without)
		for j := i; ; {
			if state[j] >= without {
				above = state[j]
				break
			}
			if state[j] == visiting {
				break
			}
			state[j] = visiting
			path = append(path, j)
			parent, found := at[nodes[j].Parent]
			if !found || nodes[j].Parent == "" {
				break
			}
			j = parent
		}
		for k := len(path) - 1; k >= 0; k-- {
			n := &nodes[path[k]]
			has := strings.HasPrefix(strings.TrimLeft(object(n), " \t\n\r"), "{")
			if has && above == without {
				f(n)
			}
			if has {
				above = with
			}
			state[path[k]] = above
		}
	}
}
