package login

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/millrace-ml/millrace/internal/recent"
	"github.com/millrace-ml/millrace/mlflow"
)

// The numbers of failed logins from which on the next one has to wait. Each further
// failure doubles the delay.
const (
	freePerPair    = 5   // of one user from one address
	freePerAddress = 30  // of any user from one address
	freePerUser    = 100 // of one user from any address
	maxDelay       = 5 * time.Minute
	// forgetAfter is how long a failure counts.
	forgetAfter = 15 * time.Minute
	maxCounters = 50_000
)

// limiter delays logins after failures of the same user or from the same address.
type limiter struct {
	now func() time.Time

	mu       sync.Mutex
	failures *recent.Map[string, *failures]
}

// failures counts the failed logins of a key. The next one is allowed after until.
type failures struct {
	n           int
	last, until time.Time
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, failures: recent.New[string, *failures](maxCounters)}
}

// waitError is the error of a login that comes too early.
type waitError struct {
	error

	wait time.Duration
}

// Unwrap returns the error of the API.
func (e *waitError) Unwrap() error { return e.error }

func (e *waitError) seconds() string {
	return strconv.Itoa(int(math.Ceil(e.wait.Seconds())))
}

// counter is a key with the number of failures that it may have without a delay.
type counter struct {
	key  string
	free int
}

func countersOf(name, client string) []counter {
	client = network(client)
	return []counter{
		{"pair " + client + " " + name, freePerPair}, {"address " + client, freePerAddress}, {"user " + name, freePerUser},
	}
}

// network returns the part of an address that a client cannot change by itself: an IPv6
// client has a network of 64 bits.
func network(client string) string {
	address, err := netip.ParseAddr(client)
	if err != nil || address.Is4() {
		return client
	}
	prefix, _ := address.Prefix(64) // 64 bits are valid for every IPv6 address.
	return prefix.String()
}

// allow returns an error if a login has to wait.
func (l *limiter) allow(name, client string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var wait time.Duration
	for _, c := range countersOf(name, client) {
		if f := l.counted(c.key); f != nil {
			wait = max(wait, f.until.Sub(l.now()))
		}
	}
	if wait <= 0 {
		return nil
	}
	e := &waitError{wait: wait}
	e.error = &mlflow.Error{
		Code:    mlflow.RequestLimitExceeded,
		Message: fmt.Sprintf("Too many logins failed. Try again in %s seconds.", e.seconds()),
	}
	return e
}

// failed counts a failed login.
func (l *limiter) failed(name, client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range countersOf(name, client) {
		f := l.counted(c.key)
		if f == nil {
			f = &failures{}
			l.failures.Put(c.key, f)
		}
		f.n++
		f.last = l.now()
		if beyond := f.n - c.free; beyond >= 0 {
			f.until = f.last.Add(min(time.Second<<min(beyond, 20), maxDelay))
		}
	}
}

// succeeded forgets the failures of a user from one address.
func (l *limiter) succeeded(name, client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures.Delete(countersOf(name, client)[0].key)
}

// counted returns the failures of a key, or nil if there are none that count.
func (l *limiter) counted(key string) *failures {
	f, _ := l.failures.Get(key)
	if f == nil || l.now().Sub(f.last) > forgetAfter {
		return nil
	}
	return f
}

// touched remembers when the use of a token was stored last.
type touched struct {
	mu   sync.Mutex
	when map[string]time.Time
}

// touchEvery is how exactly the last use of a token is stored.
const touchEvery = time.Minute

func newTouched() *touched { return &touched{when: map[string]time.Time{}} }

// due reports whether the use of a token has to be stored, and assumes that it will be.
func (t *touched) due(id string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.when[id]) < touchEvery {
		return false
	}
	if len(t.when) >= maxEntries {
		clear(t.when)
	}
	t.when[id] = now
	return true
}
