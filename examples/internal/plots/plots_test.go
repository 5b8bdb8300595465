package plots

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/examples/internal/cancer"
	"github.com/millrace-ml/millrace/examples/internal/frame"
	"github.com/millrace-ml/millrace/examples/internal/idx"
)

// check decodes a plot and checks that it is large, light and not blank, and that
// nothing is drawn at its border, where it would be clipped. If PLOTS_DIR is set, check
// writes the file there.
func check(t *testing.T, data []byte, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("PLOTS_DIR"); dir != "" {
		name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + ".png"
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	if b.Dx() < 1000 {
		t.Errorf("%d pixels wide", b.Dx())
	}
	rgba := image.NewRGBA(b) // Reading its pixels is much faster than calling img.At.
	draw.Draw(rgba, b, img, b.Min, draw.Src)
	dark := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			p := rgba.Pix[rgba.PixOffset(x, y):]
			light := min(p[0], p[1], p[2]) > 245
			if !light {
				dark++
			}
			if border := x == b.Min.X || y == b.Min.Y || x == b.Max.X-1 || y == b.Max.Y-1; border && !light {
				t.Fatalf("the pixel at the border, %d, %d of %v, is not white", x, y, b)
			}
		}
	}
	if dark < 1000 {
		t.Errorf("only %d pixels are not white", dark)
	}
	return img
}

func TestCountPlot(t *testing.T) {
	for name, bars := range map[string]int{"one": 1, "two": 2, "ten": 10, "most": 64} {
		t.Run(name, func(t *testing.T) {
			names, counts := make([]string, bars), make([]int, bars)
			for i := range bars {
				names[i], counts[i] = idx.FashionNames()[i%10], 357*(bars-i)/bars
			}
			data, err := CountPlot("Samples of each class", "diagnosis", names, counts)
			check(t, data, err)
		})
	}
	data, err := CountPlot("No samples", "", []string{"a"}, []int{0})
	check(t, data, err)
}

func TestHeatmapOfCancer(t *testing.T) {
	r, err := cancer.Open()
	if err != nil {
		t.Fatal(err)
	}
	f, err := frame.Read(r)
	if err != nil {
		t.Fatal(err)
	}
	f, err = f.Map("diagnosis", map[string]float64{"benign": 0, "malignant": 1})
	if err != nil {
		t.Fatal(err)
	}
	names, m := f.Corr()
	data, err := Heatmap("Correlation of the features", names, m)
	check(t, data, err)
}

func TestSmallHeatmaps(t *testing.T) {
	m := [][]float64{{1, math.NaN(), -2}, {-0.001, 0.5, -0.5}, {-1, 1e300, math.Inf(-1)}}
	names := []string{"a", "a name of middling length", strings.Repeat("long ", 20)}
	data, err := Heatmap("Values beyond the range", names, m)
	check(t, data, err)
	if names[2] != strings.Repeat("long ", 20) {
		t.Error("Heatmap changed the names of the caller")
	}
	data, err = Heatmap("", names[:1], [][]float64{{0}})
	check(t, data, err)
}

func TestLines(t *testing.T) {
	train, test := Series{Name: "Training Loss"}, Series{Name: "Validation Loss"}
	for i := range 50 {
		train.Y = append(train.Y, 0.7*math.Exp(-float64(i)/40))
		test.Y = append(test.Y, 0.69*math.Exp(-float64(i)/45))
	}
	for name, lines := range map[string][]Series{
		"losses":     {train, test},
		"few epochs": {{"eval loss", []float64{2.1, 1.4, 1.2}}, {"eval accuracy", []float64{0.3, 0.5, 0.55}}},
		"one value":  {{"loss", []float64{0.5}}},
		"gaps":       {{"diverged", []float64{1, 5, 400, math.Inf(1), math.NaN()}}, {"empty", nil}, {strings.Repeat("name ", 20), []float64{1, 2}}},
		"many":       {train, test, train, test, train, test, train, test, train, test},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := Lines("Training and Validation Loss Over Epochs", "Epochs", "Loss", lines...)
			check(t, data, err)
		})
	}
}

func TestConfusionMatrix(t *testing.T) {
	data, err := ConfusionMatrix([]string{"benign", "malignant"}, [][]int{{88, 2}, {3, 50}})
	check(t, data, err)
	for _, n := range []int{1, 10, 40} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			names, m := make([]string, n), make([][]int, n)
			for i := range n {
				names[i], m[i] = idx.FashionNames()[i%10], make([]int, n)
				for j := range n {
					m[i][j] = (i*7 + j*3) % 60
				}
				m[i][i] = 900 - i
			}
			data, err := ConfusionMatrix(names, m)
			check(t, data, err)
		})
	}
}

func TestImageGrid(t *testing.T) {
	s := idx.Synthetic(24, 0).Train
	for name, c := range map[string]struct{ n, cols int }{"three rows": {24, 8}, "uneven": {5, 3}, "one": {1, 8}, "wide": {24, 24}} {
		t.Run(name, func(t *testing.T) {
			captions := make([]string, c.n)
			for i := range captions {
				captions[i] = idx.FashionNames()[s.Labels[i]] + "\npredicted Ankle boot"
			}
			data, err := ImageGrid("Test images with their predictions", s.Images, captions, c.cols)
			img := check(t, data, err)
			g := layout(s.Images, captions, c.cols)
			at := g.at(c.n - 1)
			x, y := 14, 20
			got := color.GrayModel.Convert(img.At(at.X+x*g.scale, at.Y+y*g.scale)).(color.Gray).Y
			if want := s.Images.At(c.n - 1)[y*28+x]; got != want {
				t.Errorf("a pixel of the last image is %d, not %d", got, want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	images := idx.Synthetic(2, 0).Train.Images
	one := []string{"a"}
	for name, draw := range map[string]func() ([]byte, error){
		"bars: lengths":       func() ([]byte, error) { return CountPlot("", "", one, nil) },
		"bars: none":          func() ([]byte, error) { return CountPlot("", "", nil, nil) },
		"bars: negative":      func() ([]byte, error) { return CountPlot("", "", one, []int{-1}) },
		"bars: too many":      func() ([]byte, error) { return CountPlot("", "", make([]string, 65), make([]int, 65)) },
		"heatmap: none":       func() ([]byte, error) { return Heatmap("", nil, nil) },
		"heatmap: not square": func() ([]byte, error) { return Heatmap("", one, [][]float64{{1, 2}}) },
		"confusion: rows":     func() ([]byte, error) { return ConfusionMatrix(one, nil) },
		"confusion: negative": func() ([]byte, error) { return ConfusionMatrix(one, [][]int{{-1}}) },
		"lines: none":         func() ([]byte, error) { return Lines("", "", "") },
		"lines: not finite":   func() ([]byte, error) { return Lines("", "", "", Series{"a", []float64{math.NaN()}}) },
		"grid: no images":     func() ([]byte, error) { return ImageGrid("", nil, one, 1) },
		"grid: no captions":   func() ([]byte, error) { return ImageGrid("", images, nil, 1) },
		"grid: too many":      func() ([]byte, error) { return ImageGrid("", images, make([]string, 3), 1) },
		"grid: no columns":    func() ([]byte, error) { return ImageGrid("", images, one, 0) },
		"grid: too large": func() ([]byte, error) {
			return ImageGrid("", &idx.Images{Rows: 13000, Cols: 1, Pixels: make([]byte, 13000)}, one, 1)
		},
		"grid: no pixels": func() ([]byte, error) { return ImageGrid("", &idx.Images{}, one, 1) },
	} {
		if data, err := draw(); err == nil || data != nil || !strings.HasPrefix(err.Error(), "plots: ") {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
}
