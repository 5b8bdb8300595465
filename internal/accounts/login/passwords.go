package login

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"runtime"
	"sync"

	"github.com/millrace-ml/millrace/internal/accounts/password"
	"github.com/millrace-ml/millrace/internal/recent"
)

// passwords checks passwords and remembers which were right, because a check takes 32 MiB
// of memory and tens of milliseconds.
type passwords struct {
	key   [32]byte
	dummy func() string // hash for users that do not exist, so that they take as long
	slots chan struct{} // bounds the memory of checks
	log   *slog.Logger

	mu    sync.Mutex
	right *recent.Map[[sha256.Size]byte, struct{}]
}

func newPasswords(log *slog.Logger) *passwords {
	p := &passwords{
		log:   log,
		slots: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), right: recent.New[[sha256.Size]byte, struct{}](maxEntries),
	}
	_, _ = rand.Read(p.key[:]) // It never fails.
	p.dummy = sync.OnceValue(func() string { return password.Hash(rand.Text()) })
	go p.dummy() // The first login does not wait for it.
	return p
}

// digest identifies a user, a password and the hash that the password was checked
// against. It does not reveal the password, because the key is random.
func (p *passwords) digest(name, secret, hash string) [sha256.Size]byte {
	var all [4 * sha256.Size]byte
	copy(all[:], p.key[:])
	for i, part := range [...]string{name, secret, hash} {
		sum := sha256.Sum256([]byte(part))
		copy(all[(i+1)*sha256.Size:], sum[:])
	}
	return sha256.Sum256(all[:])
}

// known reports whether the password was checked before and was right. hash is the stored
// hash of the user's password, or "" if there is no such user.
func (p *passwords) known(name, secret, hash string) bool {
	if hash == "" {
		return false
	}
	sum := p.digest(name, secret, hash)
	p.mu.Lock()
	defer p.mu.Unlock()
	_, right := p.right.Get(sum)
	return right
}

// check reports whether a password is right. It takes as long for a user who does not
// exist as for one who does.
func (p *passwords) check(ctx context.Context, name, secret, hash string) (bool, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	against := hash
	if hash == "" {
		against = p.dummy()
	}
	right, err := password.Verify(against, secret)
	if err != nil { // The stored hash cannot be read: nobody can log in with it.
		p.log.WarnContext(ctx, "cannot check a password", "user", name, "error", err)
		return false, nil
	}
	if subtle.ConstantTimeCompare([]byte(hash), []byte(against)) != 1 {
		return false, nil
	}
	if right {
		p.remember(p.digest(name, secret, hash))
	}
	return right, nil
}

func (p *passwords) remember(sum [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.right.Put(sum, struct{}{})
}
