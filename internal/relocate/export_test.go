package relocate

// New returns the location that replaces a recorded one.
func (m *Move) New(recorded string) string {
	if moved, ok := m.moved(recorded); ok {
		return moved
	}
	return recorded
}
