package layers

import "github.com/millrace-ml/millrace/internal/simd"

// region is a range of outputs along an axis that meet the same taps of the kernel; the others meet padding only.
type region struct{ from, to, first, last int }

// mostRegions is the largest number of regions of an axis.
const mostRegions = 5

// regions divides an axis. It returns nil if there were too many.
func (s Slide) regions() []region {
	var list []region
	for o := range s.Out {
		at := o*s.Stride - s.Before
		// Tap k meets element at+k*dilation.
		first := 0
		if at < 0 {
			first = min((-at+s.Dilation-1)/s.Dilation, s.Kernel)
		}
		last := first
		if at < s.In {
			last = max(first, min((s.In-1-at)/s.Dilation+1, s.Kernel))
		}
		n := len(list) - 1
		if n >= 0 && list[n].first == first && list[n].last == last {
			list[n].to++
			continue
		}
		if n+1 == mostRegions {
			return nil
		}
		list = append(list, region{o, o + 1, first, last})
	}
	return list
}

// share returns the share of the taps that meet elements of the image.
func share(s Slide, list []region) float64 {
	met := 0
	for _, r := range list {
		met += (r.to - r.from) * (r.last - r.first)
	}
	return float64(met) / float64(s.Out*s.Kernel)
}

// divided returns the regions of both axes if computing them one by one saves much, as for the large dilations of
// networks that segment images.
func (f *Filter) divided(s [2]Slide, e *Ending) (list [2][]region, ok bool) {
	const worth = 0.75
	if f.deep() || f.part || max(s[0].Dilation, s[1].Dilation) < 4 || e != nil && e.Add != nil {
		return list, false
	}
	list = [2][]region{s[0].regions(), s[1].regions()}
	return list, list[0] != nil && list[1] != nil && share(s[0], list[0])*share(s[1], list[1]) < worth
}

// Divided reports whether Run computes regions one by one, each of which stores no padding.
func (f *Filter) Divided(s [2]Slide, e *Ending) bool {
	_, ok := f.divided(s, e)
	return ok
}

// runRegions is Run for divided axes.
func (f *Filter) runRegions(w simd.Workers, batch int, s [2]Slide, list [2][]region, in, out []float32, e *Ending) {
	rows, cols := s[0].Out, s[1].Out
	scratch, results := simd.Borrow(batch * f.groups * f.out * rows * cols)
	defer scratch.GiveBack()
	for _, v := range list[0] {
		for _, h := range list[1] {
			part := [2]Slide{s[0].of(v), s[1].of(h)}
			n := part[0].Out * part[1].Out
			to := results[:batch*f.groups*f.out*n]
			if v.last > v.first && h.last > h.first {
				f.tapsOf(v, h).Run(w, batch, part, in, to, e)
			} else {
				f.empty(to, n, e)
			}
			w.Move([]int{batch * f.groups * f.out, part[0].Out, part[1].Out}, out, v.from*cols+h.from,
				[]int{rows * cols, cols, 1}, to, 0, []int{n, part[1].Out, 1})
		}
	}
}

// of returns the axis of a region.
func (s Slide) of(r region) Slide {
	s.Before -= r.first*s.Dilation + r.from*s.Stride
	s.Out, s.Kernel = r.to-r.from, r.last-r.first
	return s
}

// empty sets outputs that meet no tap, n for each channel.
func (f *Filter) empty(out []float32, n int, e *Ending) {
	clear(out)
	if e == nil {
		return
	}
	for i := 0; i*n < len(out); i++ {
		plane := out[i*n : (i+1)*n]
		if e.Bias != nil {
			simd.ScaleShift(plane, plane, 1, e.Bias[i%len(e.Bias)])
		}
		simd.Activate(e.Act, e.Alpha, e.Beta, plane, plane)
	}
}

// tapsOf returns the filter with the taps of two regions.
func (f *Filter) tapsOf(v, h region) *Filter {
	key := [4]int{v.first, v.last, h.first, h.last}
	f.partsLock.Lock()
	defer f.partsLock.Unlock()
	if p := f.parts[key]; p != nil {
		return p
	}
	rows, cols := v.last-v.first, h.last-h.first
	weight := make([]float32, f.groups*f.out*f.in*rows*cols)
	simd.Move([]int{f.groups * f.out * f.in, rows, cols}, weight, 0, []int{rows * cols, cols, 1},
		f.Weight(), v.first*f.kernel[1]+h.first, []int{f.taps, f.kernel[1], 1})
	p := PlainFilter(weight, f.groups, f.in, f.out, [2]int{rows, cols})
	if f.packed != nil {
		p = NewFilter(weight, f.groups, f.in, f.out, [2]int{rows, cols})
	}
	p.part = true
	if f.parts == nil {
		f.parts = map[[4]int]*Filter{}
	}
	// Images of many sizes would need many filters.
	if len(f.parts) < 32 {
		f.parts[key] = p
	}
	return p
}
