// Package recent has a map that keeps what was added recently and has a bounded size.
package recent

// Map keeps at least the newest entries, and at most twice as many. The zero Map is not
// usable, and a Map is not safe for concurrent use.
type Map[K comparable, V any] struct {
	max          int
	newer, older map[K]V
}

// New returns a Map that keeps between n and 2n entries.
func New[K comparable, V any](n int) *Map[K, V] {
	return &Map[K, V]{max: n, newer: map[K]V{}}
}

// Get returns an entry that Put has added, unless it is forgotten.
func (m *Map[K, V]) Get(k K) (v V, found bool) {
	if v, found = m.newer[k]; !found {
		v, found = m.older[k]
	}
	return v, found
}

// IsNew reports whether an entry is not among those that are forgotten next.
func (m *Map[K, V]) IsNew(k K) bool {
	_, found := m.newer[k]
	return found
}

// Put adds or replaces an entry. It forgets the older ones if the map is full.
func (m *Map[K, V]) Put(k K, v V) {
	if len(m.newer) >= m.max {
		m.older, m.newer = m.newer, map[K]V{}
	}
	m.newer[k] = v
}

// Delete removes an entry.
func (m *Map[K, V]) Delete(k K) {
	delete(m.newer, k)
	delete(m.older, k)
}

// Len returns the number of entries in memory.
func (m *Map[K, V]) Len() int { return len(m.newer) + len(m.older) }
