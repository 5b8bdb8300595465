package login

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// attack makes n failing logins, each as soon as it is allowed, and returns the time
// that they took.
func attack(l *limiter, now *time.Time, n int, name, client func(i int) string) time.Duration {
	began := *now
	for i := range n {
		for {
			wait := new(waitError)
			if !errors.As(l.allow(name(i), client(i)), &wait) {
				break
			}
			*now = now.Add(wait.wait)
		}
		l.failed(name(i), client(i))
	}
	return now.Sub(began)
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	same := func(text string) func(int) string { return func(int) string { return text } }
	each := func(format string) func(int) string { return func(i int) string { return fmt.Sprintf(format, i) } }
	for name, c := range map[string]struct {
		name, client func(int) string
		n            int
		least, most  time.Duration
	}{
		"a user who mistypes":         {same("ann"), same("10.0.0.1"), 4, 0, 0},
		"one user, one address":       {same("ann"), same("10.0.0.1"), 100, 5 * time.Hour, 24 * time.Hour},
		"many users, one address":     {each("user%d"), same("10.0.0.1"), 200, 10 * time.Hour, 24 * time.Hour},
		"one user, many addresses":    {same("ann"), each("10.0.0.%d"), 200, 5 * time.Hour, 24 * time.Hour},
		"one user, one IPv6 network":  {same("ann"), each("2001:db8::%d"), 100, 5 * time.Hour, 24 * time.Hour},
		"many users, many addresses":  {each("user%d"), each("10.0.0.%d"), 200, 0, 0},
		"one user, a hundred at once": {same("ann"), each("10.0.0.%d"), 99, 0, 0},
	} {
		now := time.Now()
		l := newLimiter(func() time.Time { return now })
		if took := attack(l, &now, c.n, c.name, c.client); took < c.least || took > c.most {
			t.Errorf("%s: %d failures take %v", name, c.n, took)
		}
	}
}

func TestLimiterForgets(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := newLimiter(func() time.Time { return now })
	for range freePerPair {
		l.failed("ann", "10.0.0.1")
	}
	err := l.allow("ann", "10.0.0.1")
	if !errors.Is(err, mlflow.RequestLimitExceeded) {
		t.Fatalf("after %d failures: %v", freePerPair, err)
	}
	if err := l.allow("ann", "10.0.0.2"); err != nil {
		t.Errorf("another address: %v", err)
	}
	if err := l.allow("bob", "10.0.0.1"); err != nil {
		t.Errorf("another user: %v", err)
	}
	now = now.Add(2 * time.Second)
	if err := l.allow("ann", "10.0.0.1"); err != nil {
		t.Errorf("after the delay: %v", err)
	}
	l.failed("ann", "10.0.0.1")
	l.succeeded("ann", "10.0.0.1")
	for range freePerPair - 1 {
		l.failed("ann", "10.0.0.1")
	}
	if err := l.allow("ann", "10.0.0.1"); err != nil {
		t.Errorf("after a success and some failures: %v", err)
	}
	now = now.Add(forgetAfter + time.Second)
	l.failed("ann", "10.0.0.1")
	if err := l.allow("ann", "10.0.0.1"); err != nil {
		t.Errorf("long after: %v", err)
	}
}

func TestLimiterIsBounded(t *testing.T) {
	t.Parallel()
	l := newLimiter(time.Now)
	for i := range 3 * maxCounters {
		l.failed(fmt.Sprint("user", i), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	if n := l.failures.Len(); n > 2*maxCounters+3 {
		t.Errorf("%d counters", n)
	}
}
