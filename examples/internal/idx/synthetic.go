package idx

import (
	"math"
	"math/rand/v2"
)

// The shape of FashionMNIST and of [Synthetic].
const (
	side    = 28
	classes = 10
)

// Parameters of the images.
const (
	specimens  = 40   // The number of drawings of each class.
	fine       = 84   // The pixels of a drawing in each direction.
	noise      = 0.08 // The standard deviation of a pixel.
	brightness = 0.45 // The least brightness of a garment.
)

// Synthetic generates a dataset with the shape of FashionMNIST. The images are drawings
// of clothes in ten classes, at random positions, sizes, angles and brightness, with
// noise. Some classes resemble each other, so that the quickstart's network reaches an
// accuracy of 75 to 90 %. Calls with the same numbers of images return the same dataset.
// Negative numbers count as 0.
func Synthetic(trainN, testN int) *Set {
	rng := rand.New(rand.NewPCG(7, 28)) //nolint:gosec // The dataset must be reproducible.
	drawings := make([][]*drawing, classes)
	for class, draw := range garments {
		for range specimens {
			drawings[class] = append(drawings[class], newDrawing(draw(rng)))
		}
	}
	return &Set{Train: sample(rng, drawings, trainN), Test: sample(rng, drawings, testN)}
}

// drawing has gray values from 0 to 1.
type drawing [fine * fine]float64

func newDrawing(parts []part) *drawing {
	d := new(drawing)
	for i := range d {
		center := point{(float64(i%fine) + 0.5) / fine, (float64(i/fine) + 0.5) / fine}
		for _, p := range parts {
			if inside(p.outline, center) {
				d[i] = p.gray
			}
		}
	}
	return d
}

// inside reports whether a polygon contains a point. It counts how often a horizontal
// line from the point crosses the outline.
func inside(outline []point, p point) bool {
	in := false
	last := outline[len(outline)-1]
	for _, next := range outline {
		if (next.y > p.y) != (last.y > p.y) && p.x < next.x+(p.y-next.y)*(last.x-next.x)/(last.y-next.y) {
			in = !in
		}
		last = next
	}
	return in
}

// at returns the gray value at a position by bilinear interpolation. It returns 0
// outside the drawing.
func (d *drawing) at(x, y float64) float64 {
	x, y = x*fine-0.5, y*fine-0.5
	i, j := int(math.Floor(x)), int(math.Floor(y))
	if i < 0 || j < 0 || i >= fine-1 || j >= fine-1 {
		return 0
	}
	fx, fy := x-float64(i), y-float64(j)
	row := d[j*fine+i:]
	return (1-fy)*((1-fx)*row[0]+fx*row[1]) + fy*((1-fx)*row[fine]+fx*row[fine+1])
}

func sample(rng *rand.Rand, drawings [][]*drawing, n int) Split {
	n = max(n, 0)
	s := Split{
		Images: &Images{Rows: side, Cols: side, Pixels: make([]byte, n*side*side)},
		Labels: make([]byte, n),
	}
	for i := range n {
		class := rng.IntN(classes)
		s.Labels[i] = byte(class) //nolint:gosec // The number of classes is ten.
		render(rng, drawings[class][rng.IntN(specimens)], s.Images.At(i))
	}
	return s
}

// render writes a drawing to the pixels of an image, with a random transformation.
func render(rng *rand.Rand, d *drawing, pixels []byte) {
	angle, scale := 0.08*rng.NormFloat64(), between(rng, 0.9, 1.15)
	dx, dy := between(rng, -0.07, 0.07), between(rng, -0.07, 0.07)
	light := between(rng, brightness, 1)
	stripes, phase := 0.0, 2*math.Pi*rng.Float64()
	if rng.Float64() < 0.3 {
		stripes = between(rng, 0.1, 0.4)
	}
	sin, cos := math.Sincos(angle)
	for j := range pixels {
		x, y := (float64(j%side)+0.5)/side-0.5, (float64(j/side)+0.5)/side-0.5
		v := d.at(0.5+dx+scale*(cos*x-sin*y), 0.5+dy+scale*(sin*x+cos*y))
		if v > 0 {
			v *= light*(1+stripes*math.Sin(40*y+phase)) + noise*rng.NormFloat64()
		}
		pixels[j] = byte(255 * min(max(v, 0), 1))
	}
}
