package recent_test

import (
	"testing"

	"github.com/millrace-ml/millrace/internal/recent"
)

func TestMap(t *testing.T) {
	t.Parallel()
	const n = 10
	m := recent.New[int, int](n)
	for i := range 100 {
		m.Put(i, 2*i)
		if m.Len() > 2*n {
			t.Fatalf("%d entries after %d", m.Len(), i)
		}
		for k := max(0, i-n+1); k <= i; k++ { // The newest are there.
			if v, found := m.Get(k); !found || v != 2*k {
				t.Fatalf("entry %d after %d: %d, %t", k, i, v, found)
			}
		}
	}
	if _, found := m.Get(0); found {
		t.Error("the first entry is kept")
	}
	if _, found := m.Get(85); !m.IsNew(95) || m.IsNew(85) || !found {
		t.Error("the halves are mixed up")
	}
	m.Put(99, 7)
	if v, _ := m.Get(99); v != 7 {
		t.Errorf("a replaced entry: %d", v)
	}
	for _, k := range []int{99, 95} { // one of each half
		m.Delete(k)
		if _, found := m.Get(k); found || m.IsNew(k) {
			t.Errorf("entry %d is deleted, and found", k)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	m := recent.New[string, int](10)
	m.PutSized("large", 1, 11)
	if _, found := m.Get("large"); found {
		t.Error("an entry larger than the map is kept")
	}
	for i := range 20 { // A replaced entry does not count twice.
		m.PutSized("a", i, 4)
		m.PutSized("b", i, 6)
	}
	if a, _ := m.Get("a"); a != 19 || !m.IsNew("a") || !m.IsNew("b") || m.Len() != 2 {
		t.Errorf("a is %d; %d entries", a, m.Len())
	}
	m.Delete("b")
	m.PutSized("c", 1, 6)
	if !m.IsNew("a") {
		t.Error("a deleted entry counts")
	}
	m.PutSized("d", 1, 10)
	m.PutSized("e", 1, 10)
	if _, found := m.Get("a"); found || m.Len() != 2 {
		t.Errorf("%d entries after two that fill the map", m.Len())
	}
}
