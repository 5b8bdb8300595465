package permit

import (
	"sync"

	"github.com/millrace-ml/millrace/internal/recent"
)

// Recent remembers the owners of resources that were asked for recently. It is safe for
// concurrent use.
type Recent struct {
	mu     sync.RWMutex
	owners *recent.Map[string, string]
}

// NewRecent returns a Recent that remembers between n and 2n owners.
func NewRecent(n int) *Recent { return &Recent{owners: recent.New[string, string](n)} }

// Get returns the owner of a resource. It calls find if it does not know it. It does not
// remember "", which is the owner of resources that do not exist.
func (r *Recent) Get(id string, find func() (string, error)) (string, error) {
	r.mu.RLock()
	owner, known := r.owners.Get(id)
	isNew := known && r.owners.IsNew(id)
	r.mu.RUnlock()
	if isNew {
		return owner, nil
	}
	var err error
	if !known {
		owner, err = find()
	}
	if err == nil && owner != "" {
		r.mu.Lock()
		r.owners.Put(id, owner)
		r.mu.Unlock()
	}
	return owner, err
}
