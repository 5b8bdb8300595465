package idx

import (
	"math"
	"math/rand/v2"
	"slices"
)

// point is a position in an image whose sides have the length 1. y increases downwards.
type point struct{ x, y float64 }

// part is a polygon of a garment with its gray value, 0 to 1. A later part covers an
// earlier one.
type part struct {
	outline []point
	gray    float64
}

// garment returns the parts of a random garment of a class.
type garment func(rng *rand.Rand) []part

// garments has a function for each class of FashionMNIST, in the order of
// [FashionNames]. Upper garments differ only in their sleeves, length and front, so that
// a model confuses some of them, as it does with photographs.
var garments = [classes]garment{
	func(rng *rand.Rand) []part { return upper(rng, between(rng, 0.10, 0.22), 0.80, 0) },
	trouser,
	func(rng *rand.Rand) []part { return upper(rng, between(rng, 0.38, 0.52), 0.82, 0) },
	dress,
	func(rng *rand.Rand) []part { return upper(rng, between(rng, 0.40, 0.54), 0.90, 0.5) },
	sandal,
	func(rng *rand.Rand) []part { return upper(rng, between(rng, 0.16, 0.46), 0.84, 0.3) },
	func(rng *rand.Rand) []part { return shoe(rng, between(rng, 0.46, 0.56)) },
	bag,
	func(rng *rand.Rand) []part { return shoe(rng, between(rng, 0.20, 0.36)) },
}

func between(rng *rand.Rand, low, high float64) float64 { return low + (high-low)*rng.Float64() }

// mirrored returns a symmetric outline. left is the left half, from top to bottom.
func mirrored(left ...point) []point {
	out := slices.Clone(left)
	for _, p := range slices.Backward(left) {
		out = append(out, point{1 - p.x, p.y})
	}
	return out
}

// upper draws a garment with sleeves. sleeve is the length of the sleeves, hem the
// position of the lower end, and front the probability of a line of buttons.
func upper(rng *rand.Rand, sleeve, hem, front float64) []part {
	shoulder, waist := between(rng, 0.24, 0.32), between(rng, 0.28, 0.36)
	gray, width := between(rng, 0.4, 1), between(rng, 0.11, 0.17)
	hem += between(rng, -0.06, 0.06)
	neck, angle := between(rng, 0.38, 0.44), between(rng, 1.1, 1.45)
	dx, dy := -math.Cos(angle)*sleeve, math.Sin(angle)*sleeve
	body := part{mirrored(point{neck, 0.12}, point{shoulder, 0.17}, point{waist, 0.42}, point{waist, hem}), gray}
	parts := []part{body}
	for _, flip := range []bool{false, true} {
		arm := []point{
			{shoulder + 0.02, 0.16},
			{shoulder + dx - width*0.9, 0.18 + dy},
			{shoulder + dx + width*0.2, 0.22 + dy},
			{waist + 0.03, 0.17 + width*1.6},
		}
		if flip {
			for i := range arm {
				arm[i].x = 1 - arm[i].x
			}
		}
		parts = append(parts, part{arm, gray * between(rng, 0.85, 1)})
	}
	if rng.Float64() < front {
		parts = append(parts, part{[]point{{0.485, 0.14}, {0.515, 0.14}, {0.515, hem}, {0.485, hem}}, gray * 0.45})
	}
	return parts
}

func trouser(rng *rand.Rand) []part {
	hip, ankle, gap := between(rng, 0.30, 0.36), between(rng, 0.30, 0.38), between(rng, 0.02, 0.06)
	gray, crotch := between(rng, 0.4, 1), between(rng, 0.36, 0.46)
	left := []point{{hip, 0.08}, {0.5, 0.08}, {0.5, crotch}, {0.5 - gap, 0.94}, {ankle, 0.94}}
	right := slices.Clone(left)
	for i := range right {
		right[i].x = 1 - right[i].x
	}
	return []part{{left, gray}, {right, gray * between(rng, 0.9, 1)}}
}

func dress(rng *rand.Rand) []part {
	top, waist, flare := between(rng, 0.32, 0.38), between(rng, 0.36, 0.41), between(rng, 0.22, 0.36)
	parts := []part{{
		mirrored(point{top + 0.06, 0.06}, point{top, 0.14}, point{waist, 0.40}, point{flare, 0.94}), between(rng, 0.4, 1),
	}}
	if rng.Float64() < 0.5 { // A dress with sleeves resembles a T-shirt.
		return append(upper(rng, between(rng, 0.10, 0.25), 0.94, 0), parts...)
	}
	return parts
}

// sandal draws a sole, a strap around the ankle and straps across the toes.
func sandal(rng *rand.Rand) []part {
	heel, gray, top := between(rng, 0.54, 0.68), between(rng, 0.5, 1), between(rng, 0.30, 0.42)
	strap := gray * between(rng, 0.75, 1)
	parts := []part{
		{[]point{{0.54, 0.76}, {0.64, top}, {0.92, top}, {0.95, heel + 0.04}}, strap},
		{[]point{{0.66, 0.72}, {0.71, top + 0.11}, {0.85, top + 0.11}, {0.87, heel + 0.02}}, 0},
	}
	for i := range 1 + rng.IntN(3) {
		x, width := 0.1+0.16*float64(i)+between(rng, 0, 0.06), between(rng, 0.08, 0.13)
		parts = append(parts, part{[]point{{x, 0.78}, {x + 0.09, 0.52}, {x + 0.09 + width, 0.50}, {x + width, 0.78}}, strap})
	}
	parts = append(parts, part{
		[]point{{0.04, 0.75}, {0.5, 0.73}, {0.96, heel}, {0.96, heel + 0.12}, {0.5, 0.85}, {0.04, 0.85}}, gray,
	})
	if rng.Float64() < 0.4 {
		parts = append(parts, part{[]point{{0.82, heel}, {0.96, heel}, {0.96, 0.9}, {0.85, 0.9}}, gray})
	}
	return parts
}

// shoe draws a shoe with a closed toe. top is the upper end of the shaft.
func shoe(rng *rand.Rand, top float64) []part {
	gray, shaft := between(rng, 0.4, 1), between(rng, 0.56, 0.66)
	toe := between(rng, 0.62, 0.68)
	upper := []point{{0.06, 0.74}, {0.10, toe}, {0.34, 0.60}, {shaft, top + 0.06}, {shaft, top}, {0.92, top}, {0.94, 0.74}}
	sole := []point{{0.05, 0.74}, {0.95, 0.74}, {0.95, 0.82}, {0.05, 0.82}}
	return []part{{upper, gray}, {sole, gray * between(rng, 0.4, 0.9)}}
}

func bag(rng *rand.Rand) []part {
	top, side, gray := between(rng, 0.34, 0.48), between(rng, 0.08, 0.18), between(rng, 0.4, 1)
	handle := between(rng, 0.10, 0.26)
	parts := []part{{mirrored(point{side + 0.04, top}, point{side, 0.88}), gray}}
	if rng.Float64() < 0.8 {
		parts = append([]part{
			{mirrored(point{0.36, handle}, point{0.26, top}), gray * 0.9},
			{mirrored(point{0.40, handle + 0.05}, point{0.32, top}), 0},
		}, parts...)
	}
	return parts
}
