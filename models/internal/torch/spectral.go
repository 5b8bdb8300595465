package torch

import (
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/fft"
)

// spectralTable has the Fourier transforms and windows.
func spectralTable() map[string]operator {
	out := map[string]operator{
		"aten.stft.default": {
			"self n_fft hop_length win_length window normalized onesided return_complex align_to_window", 1, stft,
		},
		"aten.istft.default": {
			"self n_fft hop_length win_length window center normalized onesided length return_complex", 1, istft,
		},
		"aten.fft_fftshift.default":  {"self dim", 1, shift(false)},
		"aten.fft_ifftshift.default": {"self dim", 1, shift(true)},
		"aten.fft_fftfreq.default":   {"n d" + placementArguments, 1, frequencies(false)},
		"aten.fft_rfftfreq.default":  {"n d" + placementArguments, 1, frequencies(true)},
		"aten._fft_c2c.default":      {"self dim normalization forward", 1, plainTransform},
		"aten._fft_r2c.default":      {"self dim normalization onesided", 1, plainTransform},
		"aten._fft_c2r.default":      {"self dim normalization last_dim_size", 1, plainTransform},
	}
	for _, name := range []string{"fft", "ifft", "rfft", "irfft"} {
		t := transform{
			inverse:  strings.HasPrefix(name, "i"),
			fromReal: name == "rfft", toReal: name == "irfft",
		}
		out["aten.fft_"+name+".default"] = operator{"self n dim norm", 1, t.run}
		t.many = true
		out["aten.fft_"+name+"n.default"] = operator{"self s dim norm", 1, t.run}
		t.two = true
		out["aten.fft_"+name+"2.default"] = operator{"self s dim norm", 1, t.run}
	}
	for name, shape := range map[string]func(c *call) fft.Shape{
		"hann_window":     func(*call) fft.Shape { return fft.Hann },
		"blackman_window": func(*call) fft.Shape { return fft.Blackman },
		"bartlett_window": func(*call) fft.Shape { return fft.Bartlett },
		"hamming_window": func(c *call) fft.Shape {
			return fft.Cosines(c.float("alpha", 0.54), c.float("beta", 0.46))
		},
		"kaiser_window": func(c *call) fft.Shape { return fft.Kaiser(c.float("beta", 12)) },
	} {
		for _, overload := range []string{"default", "periodic", "periodic_alpha", "periodic_alpha_beta", "beta"} {
			out["aten."+name+"."+overload] = operator{
				"window_length periodic alpha beta" + placementArguments, 1,
				func(c *call) (results, error) {
					list, err := fft.Window(shape(c), c.int("window_length", 0), c.bool("periodic", true))
					if err != nil {
						return nil, err
					}
					w := &tensor{Shape: []int{len(list)}, Data: list}
					return results{c.cast(w, c.text("dtype", "float32"))}, nil
				},
			}
		}
	}
	return out
}

// transform is a Fourier transform of one axis, of all axes by default if many is set, or of the last two.
type transform struct {
	inverse, fromReal, toReal bool
	many, two                 bool
}

// norms has the factors of the forward transform by name. Those of the inverse transform are in reverse order.
var norms = map[string]fft.Norm{"backward": fft.NormNone, "ortho": fft.NormRoot, "forward": fft.NormLength}

func (t transform) run(c *call) (results, error) {
	x := c.tensor("self")
	axes, sizes, err := t.axes(c, x)
	if err != nil {
		return nil, err
	}
	norm, ok := norms[c.text("norm", "backward")]
	if !ok {
		return nil, kernel.Invalid("the norm '%s' of a transform", c.text("norm", ""))
	}
	if t.inverse {
		norm = fft.NormLength - norm
	}
	return one(t.along(x, axes, sizes, norm))
}

// axes returns the axes of a transform and the number of elements along each.
func (t transform) axes(c *call, x *tensor) (axes, sizes []int, err error) {
	given := c.ints("s")
	if n := c.ints("n"); n != nil {
		given = n
	}
	axes = c.ints("dim")
	switch {
	case axes != nil:
	case t.two:
		axes = []int{-2, -1}
	case c.args["s"].kind != noneKind:
		for i := range given {
			axes = append(axes, i-len(given))
		}
	case t.many:
		for i := range x.Shape {
			axes = append(axes, i)
		}
	default:
		axes = []int{-1}
	}
	if given != nil && len(given) != len(axes) || len(axes) == 0 {
		return nil, nil, kernel.Invalid("a transform of the axes %v with %v elements", axes, given)
	}
	for i, axis := range axes {
		axis, err := kernel.Axis(axis, len(x.Shape))
		if err != nil {
			return nil, nil, err
		}
		n := x.Shape[axis]
		if t.toReal && i == len(axes)-1 {
			n = 2 * (n - 1)
		}
		if given != nil && given[i] != -1 {
			n = given[i]
		}
		axes[i], sizes = axis, append(sizes, n)
	}
	return axes, sizes, nil
}

// along transforms axes one after the other. The last one is the half of a real transform.
func (t transform) along(x *tensor, axes, sizes []int, norm fft.Norm) (*tensor, error) {
	last := len(axes) - 1
	var err error
	if t.fromReal {
		if x, err = fft.Along(x, sizes[last], axes[last], t.inverse, norm); err == nil {
			x, err = fft.Half(x, axes[last])
		}
		if err != nil {
			return nil, err
		}
		axes, sizes = axes[:last], sizes[:last]
	}
	for i, axis := range axes {
		if t.toReal && i == last {
			if x, err = fft.Whole(x, sizes[i], axis); err != nil {
				return nil, err
			}
		}
		if x, err = fft.Along(x, sizes[i], axis, t.inverse, norm); err != nil {
			return nil, err
		}
	}
	if t.toReal {
		return fft.Part(x, false), nil
	}
	return x, nil
}

// plainTransform runs the operators to which PyTorch lowers transforms.
func plainTransform(c *call) (results, error) {
	x, axes := c.tensor("self"), c.ints("dim")
	t := transform{inverse: !c.bool("forward", true)}
	if c.has("last_dim_size") {
		t.inverse, t.toReal = true, true
	}
	t.fromReal = c.bool("onesided", false)
	norm := c.int("normalization", 0)
	if norm < 0 || norm > int(fft.NormLength) || len(axes) == 0 {
		return nil, kernel.Invalid("a transform of the axes %v with the normalization %d", axes, norm)
	}
	sizes := make([]int, len(axes))
	for i := range axes {
		axis, err := kernel.Axis(axes[i], len(x.Shape))
		if err != nil {
			return nil, err
		}
		axes[i], sizes[i] = axis, x.Shape[axis]
	}
	if t.toReal {
		sizes[len(sizes)-1] = c.int("last_dim_size", 1)
	}
	return one(t.along(x, axes, sizes, fft.Norm(norm)))
}

// shift rolls axes by half of their size.
func shift(back bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		x, axes := c.tensor("self"), c.dim()
		if axes == nil {
			for i := range x.Shape {
				axes = append(axes, i)
			}
		}
		for _, axis := range axes {
			n, err := sizeOf(x, axis)
			if err != nil {
				return nil, err
			}
			by := n / 2
			if back {
				by = (n + 1) / 2
			}
			if x, err = kernel.Roll(x, by, axis); err != nil {
				return nil, err
			}
		}
		return results{x}, nil
	}
}

// frequencies returns the frequencies of a transform of n elements that are d apart.
func frequencies(half bool) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		n, d := c.int("n", 0), c.float("d", 1)
		if _, err := kernel.Count([]int{n}); err != nil || n < 1 {
			return nil, kernel.Invalid("the frequencies of %d elements", n)
		}
		list := make([]float64, n)
		for i := range list {
			k := i
			if i >= (n+1)/2 && !half {
				k = i - n
			}
			list[i] = float64(k) / (float64(n) * d)
		}
		if half {
			list = list[:n/2+1]
		}
		w := &tensor{Shape: []int{len(list)}, Data: list}
		return results{c.cast(w, c.text("dtype", "float32"))}, nil
	}
}

// short returns the description of the frames of stft and istft.
func (c *call) short(half bool) (fft.Short, error) {
	n := c.int("n_fft", 0)
	if _, err := kernel.Count([]int{n}); err != nil || n < 1 {
		return fft.Short{}, kernel.Invalid("frames of %d elements", n)
	}
	s := fft.Short{
		N: n, Hop: c.int("hop_length", n/4), Half: c.bool("onesided", half), Normalized: c.bool("normalized", false),
		Window: slices.Repeat([]float64{0}, n),
	}
	width := c.int("win_length", n)
	window := slices.Repeat([]float64{1}, max(min(width, n), 0))
	if w := c.opt("window"); w != nil {
		if len(w.Shape) != 1 || w.DType() == "complex64" {
			return s, kernel.Invalid("a window of shape %v", w.Shape)
		}
		window, _ = c.cast(w, "float64").Data.([]float64)
	}
	if len(window) != width || width < 1 || width > n {
		return s, kernel.Invalid("a window of %d elements for frames of %d", len(window), n)
	}
	copy(s.Window[(n-width)/2:], window)
	return s, nil
}

func stft(c *call) (results, error) {
	x := c.tensor("self")
	s, err := c.short(x.DType() != "complex64")
	if err != nil {
		return nil, err
	}
	out, err := s.Transform(x)
	if err != nil || c.bool("return_complex", true) {
		return results{out}, err
	}
	return one(asReal(out))
}

func istft(c *call) (results, error) {
	x := c.tensor("self")
	s, err := c.short(true)
	if err != nil {
		return nil, err
	}
	from := 0
	if c.bool("center", true) {
		from = s.N / 2
	}
	return one(s.Inverse(x, from, c.int("length", -1)))
}
