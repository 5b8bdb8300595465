package permit

import (
	"sync"
	"time"

	"github.com/millrace-ml/millrace/internal/recent"
)

// Recent remembers the owners of resources that were asked for recently. It is safe for
// concurrent use.
type Recent struct {
	mu     sync.RWMutex
	age    time.Duration
	owners *recent.Map[string, owner]
}

// owner is the owner of a resource at a moment.
type owner struct {
	id    string
	found time.Time
}

// NewRecent returns a Recent that remembers between n and 2n owners, each for as long as
// age says, or always if age is 0.
func NewRecent(n int, age time.Duration) *Recent {
	return &Recent{age: age, owners: recent.New[string, owner](n)}
}

// Get returns the owner of a resource. It calls find if it does not know it. It does not
// remember "", which is the owner of resources that do not exist.
func (r *Recent) Get(id string, find func() (string, error)) (string, error) {
	r.mu.RLock()
	o, known := r.owners.Get(id)
	known = known && o.id != "" && (r.age == 0 || time.Since(o.found) < r.age)
	isNew := known && r.owners.IsNew(id)
	r.mu.RUnlock()
	if isNew {
		return o.id, nil
	}
	var err error
	if !known {
		o.found = time.Now() // The owner may change while find runs.
		o.id, err = find()
	}
	if err == nil && o.id != "" {
		r.mu.Lock()
		r.owners.Put(id, o)
		r.mu.Unlock()
	}
	return o.id, err
}

// Forget forgets the owners of resources.
func (r *Recent) Forget(ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if _, known := r.owners.Get(id); known {
			r.owners.Put(id, owner{})
		}
	}
}
