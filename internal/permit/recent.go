package permit

import "sync"

// Recent remembers the owners of resources that were asked for recently. It forgets all
// but the newest when it is full. It is safe for concurrent use.
type Recent struct {
	max int

	mu    sync.RWMutex
	newer map[string]string
	older map[string]string
}

// NewRecent returns a Recent that remembers between n and 2n owners.
func NewRecent(n int) *Recent { return &Recent{max: n, newer: map[string]string{}} }

// Get returns the owner of a resource. It calls find if it does not know it. It does not
// remember "", which is the owner of resources that do not exist.
func (r *Recent) Get(id string, find func() (string, error)) (string, error) {
	r.mu.RLock()
	owner, known := r.newer[id]
	if !known {
		if owner = r.older[id]; owner != "" {
			r.mu.RUnlock()
			r.add(id, owner)
			return owner, nil
		}
	}
	r.mu.RUnlock()
	if known {
		return owner, nil
	}
	owner, err := find()
	if err == nil && owner != "" {
		r.add(id, owner)
	}
	return owner, err
}

func (r *Recent) add(id, owner string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.newer) >= r.max {
		r.older, r.newer = r.newer, map[string]string{}
	}
	r.newer[id] = owner
}
