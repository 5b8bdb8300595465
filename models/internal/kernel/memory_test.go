package kernel

import "testing"

func TestClasses(t *testing.T) {
	last := 0
	for n := minRecycled; n < 1<<20; n += 1 + n/100 {
		class, room := classOf(n)
		again, same := classOf(room)
		if room < n || room > n+n/4 || class < last || again != class || same != room {
			t.Fatalf("%d elements: class %d with room for %d, whose class is %d with room for %d", n, class, room, again, same)
		}
		last = class
	}
	if class, room := classOf(MaxElements); class >= len(recycled) || room < MaxElements {
		t.Errorf("the largest tensor is of class %d with room for %d", class, room)
	}
}

// TestRecycled takes memory, gives it back, and takes it again as zeros.
func TestRecycled(t *testing.T) {
	for range 100 {
		a, err := Dirty("float32", []int{5, 1000})
		if err != nil {
			t.Fatal(err)
		}
		list := a.Data.([]float32)
		for i := range list {
			list[i] = 7
		}
		part := &Tensor{Shape: []int{1000}, Data: list[1000:2000]}
		if Memory(a) != Memory(part) || Memory(a) == Memory(Scalar[float32](1)) {
			t.Fatal("the part of a tensor does not share its memory")
		}
		Release(a)
		b, err := New("float32", []int{5000})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range b.Data.([]float32) {
			if v != 0 {
				t.Fatalf("element %d of new memory is %v", i, v)
			}
		}
		Release(b)
	}
}

// TestReleaseForeign gives back memory that does not come from Floats, which must not be used for others.
func TestReleaseForeign(t *testing.T) {
	OnRelease = func([]float32) { t.Error("foreign memory is kept") }
	defer func() { OnRelease = nil }()
	Release(&Tensor{Shape: []int{5001}, Data: make([]float32, 5001)})
	Release(&Tensor{Shape: []int{5000}, Data: make([]float64, 5000)})
}
