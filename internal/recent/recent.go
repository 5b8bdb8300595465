// Package recent has a map that keeps what was added recently and has a bounded size.
package recent

// Map keeps at least the newest entries, and at most twice as many. The zero Map is not
// usable, and a Map is not safe for concurrent use.
type Map[K comparable, V any] struct {
	max          int
	size         int // of the entries in newer
	newer, older map[K]entry[V]
}

// entry is a value that takes the place of size values.
type entry[V any] struct {
	value V
	size  int
}

// New returns a Map that keeps between n and 2n entries.
func New[K comparable, V any](n int) *Map[K, V] {
	return &Map[K, V]{max: n, newer: map[K]entry[V]{}}
}

// Get returns an entry that Put has added, unless it is forgotten.
func (m *Map[K, V]) Get(k K) (v V, found bool) {
	e, found := m.newer[k]
	if !found {
		e, found = m.older[k]
	}
	return e.value, found
}

// IsNew reports whether an entry is not among those that are forgotten next.
func (m *Map[K, V]) IsNew(k K) bool {
	_, found := m.newer[k]
	return found
}

// Put adds or replaces an entry. It forgets the older ones if the map is full.
func (m *Map[K, V]) Put(k K, v V) { m.PutSized(k, v, 1) }

// PutSized is Put for an entry that counts as size entries. An entry that is larger than the n
// of [New] is not kept.
func (m *Map[K, V]) PutSized(k K, v V, size int) {
	if size > m.max {
		m.Delete(k)
		return
	}
	m.size -= m.newer[k].size
	if m.size+size > m.max {
		m.older, m.newer, m.size = m.newer, map[K]entry[V]{}, 0
	}
	m.newer[k] = entry[V]{v, size}
	m.size += size
}

// Delete removes an entry.
func (m *Map[K, V]) Delete(k K) {
	m.size -= m.newer[k].size
	delete(m.newer, k)
	delete(m.older, k)
}

// Len returns the number of entries in memory.
func (m *Map[K, V]) Len() int { return len(m.newer) + len(m.older) }
