// Command models measures Millrace's model runtime beside PyTorch and onnxruntime: the same files, inputs and machine,
// one thread on both sides, in rounds that alternate. It prints the ratios of processor time with their goals, checks
// that the outputs agree, and writes the figures to a file.
//
// The files come from make.py and tabular.py in this folder; make bench-models runs everything.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// network is an entry of zoo.json.
type network struct {
	Inputs []struct {
		Shape      []int
		Vocabulary int
		Seed       int
	}
	Spread  []float64
	ONNX    bool
	Tabular bool // Only an ONNX file of scikit-learn.
}

// figure is the result of one file. Times are seconds of the processor for one run, medians of all rounds.
type figure struct {
	Name       string  `json:"name"`
	Format     string  `json:"format"`
	Group      string  `json:"group"`
	Millrace   float64 `json:"millrace"`
	Peer       float64 `json:"peer"`
	Ratio      float64 `json:"ratio"`
	Difference float64 `json:"difference"` // The largest, in units of the output's standard deviation.
	// TwoThreads is how much faster two threads are by the clock, or 0 if that was not measured.
	TwoThreads float64 `json:"two_threads,omitempty"`
	Error      string  `json:"error,omitempty"`
}

type options struct {
	folder, out, python string
	only                *regexp.Regexp
	formats             []string
	rounds              int
	seconds             float64
	alone               bool
	peer                *peer
}

func main() {
	o := options{}
	only, formats := "", ""
	flag.StringVar(&o.folder, "zoo", "", "the `folder` with zoo.json and the networks")
	flag.StringVar(&o.out, "out", "", "the `file` for the figures as JSON")
	flag.StringVar(&o.python, "python", "python3", "a Python with torch and onnxruntime")
	flag.StringVar(&only, "only", "", "measure the networks that match a `pattern`")
	flag.StringVar(&formats, "formats", "pt2,onnx", "the formats to measure")
	flag.IntVar(&o.rounds, "rounds", 5, "the number of rounds of each side")
	flag.Float64Var(&o.seconds, "seconds", 0.3, "the seconds of a round")
	flag.BoolVar(&o.alone, "alone", false, "run Millrace alone, for profiles")
	profile := flag.String("profile", "", "write a processor profile to a `file`")
	flag.Parse()
	o.only, o.formats = regexp.MustCompile(only), strings.Split(formats, ",")
	runtime.GOMAXPROCS(1)
	stop := startProfile(*profile)
	err := o.measure(context.Background())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (o options) measure(ctx context.Context) error {
	data, err := os.ReadFile(filepath.Join(o.folder, "zoo.json"))
	if err != nil {
		return err
	}
	var zoo map[string]network
	if err := json.Unmarshal(data, &zoo); err != nil {
		return err
	}
	if !o.alone {
		if o.peer, err = o.start(ctx); err != nil {
			return err
		}
		defer o.peer.close()
	}
	var figures []figure
	for _, name := range slices.Sorted(maps.Keys(zoo)) {
		n := zoo[name]
		for _, format := range o.formats {
			if !o.only.MatchString(name) || format == "onnx" && !n.ONNX && !n.Tabular || format == "pt2" && n.Tabular {
				continue
			}
			f := o.compare(ctx, name, format, n)
			f.print(os.Stdout)
			figures = append(figures, f)
		}
	}
	report(os.Stdout, figures)
	if o.out == "" {
		return nil
	}
	data, err = json.MarshalIndent(figures, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, append(data, '\n'), 0o644)
}

func (f *figure) print(w io.Writer) {
	if f.Error != "" {
		fmt.Fprintf(w, "%-36s %-5s %s\n", f.Name, f.Format, f.Error)
		return
	}
	fmt.Fprintf(w, "%-36s %-5s %9.3f ms %9.3f ms  %5.2fx  differs by %.1e", f.Name, f.Format, f.Millrace*1e3, f.Peer*1e3,
		f.Ratio, f.Difference)
	if f.TwoThreads > 0 {
		fmt.Fprintf(w, "  two threads %.2fx", f.TwoThreads)
	}
	fmt.Fprintln(w)
}

// goals are the ratios that may not be exceeded, by group: the median and the largest.
var goals = map[string][2]float64{"pt2": {1.2, 2}, "onnx": {2, 0}, "tabular": {1, 0}}

// report prints the median and the largest ratio of each group beside its goals.
func report(w io.Writer, figures []figure) {
	for _, group := range slices.Sorted(maps.Keys(goals)) {
		var ratios []float64
		failed, worst := 0, ""
		slices.SortFunc(figures, func(a, b figure) int { return cmp.Compare(a.Ratio, b.Ratio) })
		for _, f := range figures {
			switch {
			case f.Group != group:
			case f.Error != "":
				failed++
			default:
				ratios, worst = append(ratios, f.Ratio), f.Name
			}
		}
		if len(ratios) == 0 {
			continue
		}
		line := fmt.Sprintf("%s: %d networks, median %.2fx (goal %.1fx), largest %.2fx: %s", group, len(ratios),
			ratios[len(ratios)/2], goals[group][0], ratios[len(ratios)-1], worst)
		if goals[group][1] > 0 {
			line += fmt.Sprintf(" (goal %.1fx)", goals[group][1])
		}
		fmt.Fprintf(w, "%s, %d failed\n", line, failed)
	}
	var faster []float64
	for _, f := range figures {
		if f.TwoThreads > 0 {
			faster = append(faster, f.TwoThreads)
		}
	}
	if len(faster) > 0 {
		fmt.Fprintf(w, "two threads: %d networks, median %.2fx faster by the clock (goal 1.7x)\n", len(faster),
			median(faster))
	}
}
