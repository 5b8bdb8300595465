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
